"""What every evaluation measures besides quality: the ingest into a fresh data directory, and how long asking takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qa_service.config import Settings
from qa_service.errors import BadInput
from qa_service.evaluation.datasets import AnchoredQuestion, JudgedQuestion, UnansweredQuestion, UnhelpfulQuestion
from qa_service.question import check_question
from qa_service.readers import Source
from qa_service.types import Ask, Outcome, Submission

if TYPE_CHECKING:
    from qa_service.engine import Engine

COLLECTION = "evaluation"
TIMED_QUESTIONS = 200
"""Questions timed through the whole answer path, spread evenly over the set; the first one only warms up."""

Item = TypeVar("Item")
Track = Callable[[Iterable[Item], int | None, str], Iterable[Item]]
"""Wraps an iterable to show its progress, given its length and a label."""


@dataclass(frozen=True, slots=True)
class IngestFigures:
    """What the ingest took; `rejected` has the reason of each article that could not be taken."""

    articles: int
    passages: int
    seconds: float
    rejected: tuple[str, ...] = ()

    @property
    def passages_per_second(self) -> float:
        """Passages split, encoded and made searchable each second."""
        return self.passages / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Latencies:
    """Times of each stage of asking, in milliseconds."""

    samples: dict[str, list[float]] = field(default_factory=dict)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Give the median and the 95th percentile of each stage (linear interpolation)."""
        import numpy as np  # noqa: PLC0415

        return {
            stage: {"p50": round(float(np.percentile(ms, 50)), 2), "p95": round(float(np.percentile(ms, 95)), 2)}
            for stage, ms in self.samples.items()
        }


def no_tracking(items: Iterable[Item], _total: int | None, _label: str) -> Iterable[Item]:
    """Show no progress."""
    return items


@contextmanager
def fresh_engine(settings: Settings, open_engine: Callable[[Settings], Engine] | None = None) -> Iterator[Engine]:
    """Open an engine on an empty temporary data directory, with every other setting as given but the catalogue.

    Nothing of what is evaluated comes into a catalogue that services share, and nothing of it stays in Milvus.
    """
    with tempfile.TemporaryDirectory(prefix="qa-evaluate-") as folder:
        elsewhere = settings.model_copy(update={"data_dir": Path(folder) / "data", "catalog": None})
        with opened_engine(elsewhere, open_engine) as engine:
            try:
                yield engine
            finally:
                if settings.milvus is not None:
                    for one in engine.collections():
                        engine.delete_collection(one.name)


@contextmanager
def opened_engine(settings: Settings, open_engine: Callable[[Settings], Engine] | None = None) -> Iterator[Engine]:
    """Open an engine on the data directory of the settings, and close it at the end."""
    engine = (open_engine or _open)(settings)
    try:
        yield engine
    finally:
        engine.close()


def _open(settings: Settings) -> Engine:
    from qa_service.assembly import load_model  # noqa: PLC0415
    from qa_service.engine import Engine  # noqa: PLC0415
    from qa_service.evaluation.remembering import RememberingEncoder  # noqa: PLC0415

    return Engine.open(settings, RememberingEncoder(load_model(settings)))


def ingest(engine: Engine, articles: Iterable[Submission], track: Track[Outcome]) -> IngestFigures:
    """Put every article of a set into the collection `evaluation`, and measure it.

    Errors:
        BadInput: not one article could be taken.
    """
    total = len(articles) if isinstance(articles, Sequence) else None
    if isinstance(articles, Source):
        total = articles.total()
    taken, passages = 0, 0
    rejected: list[str] = []
    started = time.perf_counter()
    for outcome in track(engine.ingest(articles, COLLECTION), total, "ingesting articles"):
        if outcome.outcome == "rejected":
            rejected.append(f"{outcome.id}: {outcome.reason}")
        else:
            taken += 1
            passages += outcome.passages
    if not taken:
        raise BadInput(f"the set has no article that can be taken; {rejected[0] if rejected else 'it is empty'}")
    return IngestFigures(taken, passages, time.perf_counter() - started, tuple(rejected))


def time_asking(
    engine: Engine, questions: Sequence[str], track: Track[str], collection: str = COLLECTION
) -> tuple[int, Latencies]:
    """Ask a sample of the questions as a user would; return how many were timed, and their times."""
    step = max(1, len(questions) // TIMED_QUESTIONS)
    sample = list(questions[::step][: TIMED_QUESTIONS + 1])
    latencies = Latencies()
    for number, question in enumerate(track(sample, len(sample), "timing answers")):
        timings = engine.ask(Ask(question, collection=collection)).timings_ms
        if number > 0 or len(sample) == 1:
            for stage, ms in timings.items():
                latencies.samples.setdefault(stage, []).append(ms)
    return max(1, len(sample) - 1), latencies


def check_questions(
    questions: Iterable[JudgedQuestion | AnchoredQuestion | UnansweredQuestion | UnhelpfulQuestion], settings: Settings
) -> None:
    """Refuse questions that the service would refuse, before the time is spent on an ingest.

    Errors:
        BadInput: a question is longer than the service takes, or is none that it takes.
    """
    for question in questions:
        try:
            check_question(question.text, settings.max_question_chars)
        except BadInput as error:
            remedy = f"{error.remedy}, or raise QA_MAX_QUESTION_CHARS" if "allowed" in error.detail else error.remedy
            raise BadInput(f"the question: {error.detail}", field=question.place, remedy=remedy) from error
