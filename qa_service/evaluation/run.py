"""Runs an evaluation from a fresh, empty data directory to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa_service.config import Settings
from qa_service.errors import NotFound
from qa_service.evaluation.datasets import AnchoredQuestion, AnchorSet, JudgedQuestion, RankingSet
from qa_service.evaluation.measuring import (
    COLLECTION,
    IngestFigures,
    Latencies,
    Track,
    check_lengths,
    fresh_engine,
    ingest,
    no_tracking,
    time_asking,
)
from qa_service.evaluation.metrics import first_relevant, mean_measures, pessimistic_order
from qa_service.types import Ask, RankedPassage

if TYPE_CHECKING:
    from qa_service.engine import Engine

DEPTH = 100
"""Articles ranked per question, as far as Recall@100 looks."""
PASSAGES = 10
"""Passages asked for per anchored question; measures count the first, the first 5 and all of them."""
IDS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation's result.

    Attributes:
        dataset: its name.
        kind: "ranking" (articles judged) or "anchors" (passages judged).
        questions: how many were asked.
        measures: name -> mean over the questions, 0 to 1.
        ingest, latencies, timed: the cost; `latencies` is over `timed` questions.
        per_question: one JSON object for each question, in order.
    """

    dataset: str
    kind: str
    questions: int
    measures: Mapping[str, float]
    ingest: IngestFigures
    timed: int
    latencies: Latencies
    per_question: tuple[Mapping[str, object], ...]

    def as_dict(self) -> dict[str, object]:
        """Give the machine form, without the single questions."""
        return {
            "dataset": self.dataset,
            "kind": self.kind,
            "questions": self.questions,
            "measures": dict(self.measures),
            "articles": self.ingest.articles,
            "passages": self.ingest.passages,
            "rejected": list(self.ingest.rejected),
            "ingest_seconds": round(self.ingest.seconds, 2),
            "ingest_passages_per_second": round(self.ingest.passages_per_second, 2),
            "timed_questions": self.timed,
            "ask_ms": self.latencies.percentiles(),
        }


def evaluate(
    dataset: RankingSet | AnchorSet,
    settings: Settings,
    track: Track[Any] = no_tracking,
    open_engine: Callable[[Settings], Engine] | None = None,
) -> Report:
    """Ingest a set's articles into a temporary data directory and ask its questions.

    Parameters:
        dataset: from one of the loaders.
        settings: all but the data directory count.
        track: shows progress.
        open_engine: opens the engine; the service's own by default.

    Errors:
        BadInput: the set has no usable article, or a question that the service refuses.
    """
    check_lengths(dataset.questions, settings)
    with fresh_engine(settings, open_engine) as engine:
        figures = ingest(engine, dataset.articles, track)
        # Timed before the full run, lest a cache of question vectors flatter the times.
        timed, latencies = time_asking(engine, [question.text for question in dataset.questions], track)
        if isinstance(dataset, RankingSet):
            kind, (measures, lines) = "ranking", _rank_all(engine, dataset, track)
        else:
            kind, (measures, lines) = "anchors", _ask_all(engine, dataset, track)
    return Report(dataset.name, kind, len(lines), measures, figures, timed, latencies, lines)


Scored = tuple[dict[str, float], tuple[Mapping[str, object], ...]]


def _rank_all(engine: Engine, dataset: RankingSet, track: Track[JudgedQuestion]) -> Scored:
    orders: dict[str, list[str]] = {}
    lines: list[Mapping[str, object]] = []
    for question in track(dataset.questions, len(dataset.questions), "ranking articles"):
        # Sets of arguments ask with an article of the corpus itself; as BEIR has it, that article is no answer.
        ranking = [item for item in engine.rank(question.text, COLLECTION, depth=DEPTH) if item[0] != question.id]
        order = orders[question.id] = pessimistic_order(ranking, question.relevance)
        lines.append(
            {
                "id": question.id,
                "question": question.text,
                "right": list(question.relevance),
                "rank": first_relevant(order, question.relevance),
                "first": order[:IDS_SHOWN],
            }
        )
    qrels = {question.id: question.relevance for question in dataset.questions}
    return mean_measures(orders, qrels), tuple(lines)


def _ask_all(engine: Engine, dataset: AnchorSet, track: Track[AnchoredQuestion]) -> Scored:
    lines = tuple(_ask(engine, q) for q in track(dataset.questions, len(dataset.questions), "asking"))
    measures = {
        name: sum(isinstance(line["rank"], int) and line["rank"] <= limit for line in lines) / len(lines)
        for name, limit in (("Right first", 1), ("Right in 5", 5), (f"Right in {PASSAGES}", PASSAGES))
    }
    return measures, lines


def _ask(engine: Engine, question: AnchoredQuestion) -> dict[str, object]:
    result = engine.ask(Ask(question.text, collection=COLLECTION, top_k=PASSAGES))
    wanted = _occurrences(engine, question)
    rank = next((p.rank for p in result.passages if any(_covers(span, wanted) for span in _places(p))), None)
    return {
        "question": question.text,
        "right": [anchor.article_id for anchor in question.anchors],
        "anchors": [anchor.text for anchor in question.anchors],
        "anchor_found": bool(wanted),
        "rank": rank,
        "first": [f"{p.article_id}[{p.start}:{p.end}]" for p in result.passages],
        "answer": result.answer.text if result.answer else None,
        "confidence": result.confidence,
    }


def _occurrences(engine: Engine, question: AnchoredQuestion) -> list[tuple[str, int, int]]:
    """Find every place of every anchor in the original texts, as (article id, start, end)."""
    found: list[tuple[str, int, int]] = []
    for anchor in question.anchors:
        try:
            text = engine.article(COLLECTION, anchor.article_id).text
        except NotFound as error:
            problem = f"its article {anchor.article_id!r} is not among those taken"
            raise NotFound(problem, field=question.place, remedy="check --articles") from error
        found.extend((anchor.article_id, at, at + len(anchor.text)) for at in _find_all(text, anchor.text))
    return found


def _find_all(text: str, anchor: str) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + 1)


def _places(passage: RankedPassage) -> Iterator[tuple[str, int, int]]:
    yield passage.article_id, passage.start, passage.end
    for copy in passage.also_in:
        yield copy.article_id, copy.start, copy.end


def _covers(span: tuple[str, int, int], wanted: list[tuple[str, int, int]]) -> bool:
    article_id, start, end = span
    return any(other == article_id and start <= first and last <= end for other, first, last in wanted)
