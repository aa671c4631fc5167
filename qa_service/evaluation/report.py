"""The report of a run: its measures, its cost and every question, in a form that a later run is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa_service.evaluation.datasets import AnchorSet, RankingSet
from qa_service.evaluation.measuring import IngestFigures, Latencies
from qa_service.evaluation.records import Record

if TYPE_CHECKING:
    from qa_service.evaluation.bootstrap import Estimate

REPORT, REPORT_VERSION = "qa-service evaluation", 1


@dataclass(frozen=True, slots=True)
class Conditions:
    """What two runs must share to be compared: the set's name and kind ("ranking" or "anchors"), what was taken out."""

    dataset: str
    kind: str
    take_out: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, dataset: RankingSet | AnchorSet, take_out: float, seed: int) -> Conditions:
        """Give the conditions of a run; the seed counts only if something is taken out."""
        kind = "ranking" if isinstance(dataset, RankingSet) else "anchors"
        return cls(dataset.name, kind, take_out, seed if take_out else 0)


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation's result.

    Attributes:
        conditions: of the run.
        model: fingerprint of the encoder.
        threshold: the confidence from which a question counted as answered.
        estimates: measure name -> value over the questions it counts, with its interval.
        ingest: its cost; None where a collection was asked that was there before.
        timed, latencies: `latencies` is over `timed` questions.
        records: one for each question, in the order asked.
    """

    conditions: Conditions
    model: str
    threshold: float
    estimates: Mapping[str, Estimate]
    ingest: IngestFigures | None
    timed: int
    latencies: Latencies
    records: tuple[Record, ...]

    @property
    def measures(self) -> dict[str, float | None]:
        """The values alone."""
        return {name: estimate.value for name, estimate in self.estimates.items()}

    @property
    def per_question(self) -> tuple[Mapping[str, object], ...]:
        """One JSON object for each question, in order."""
        return tuple(record.as_dict() for record in self.records)

    def kinds(self) -> dict[str, int]:
        """Count the questions of each kind."""
        return dict(Counter(record.kind for record in self.records))

    def as_dict(self) -> dict[str, object]:
        """Give the machine form, single questions included; a later run can be gated by it."""
        return {
            "report": REPORT,
            "version": REPORT_VERSION,
            "dataset": self.conditions.dataset,
            "kind": self.conditions.kind,
            "take_out": self.conditions.take_out,
            "seed": self.conditions.seed,
            "model": self.model,
            "threshold": self.threshold,
            "questions": len(self.records),
            "kinds": self.kinds(),
            "measures": self.measures,
            "intervals": {name: [one.low, one.high] for name, one in self.estimates.items()},
            **(_costs(self.ingest) if self.ingest else {}),
            "timed_questions": self.timed,
            "ask_ms": self.latencies.percentiles(),
            "per_question": list(self.per_question),
        }


def _costs(ingest: IngestFigures) -> dict[str, object]:
    return {
        "articles": ingest.articles,
        "passages": ingest.passages,
        "rejected": list(ingest.rejected),
        "ingest_seconds": round(ingest.seconds, 2),
        "ingest_passages_per_second": round(ingest.passages_per_second, 2),
    }
