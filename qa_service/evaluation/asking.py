"""Asks the questions of a set, and keeps a record of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qa_service.errors import NotFound
from qa_service.evaluation.datasets import ANSWERABLE, Anchor, AnchoredQuestion, JudgedQuestion, UnansweredQuestion
from qa_service.evaluation.measuring import Track
from qa_service.evaluation.metrics import pessimistic_order, question_measures
from qa_service.evaluation.records import ANCHOR_MEASURES, Record, contains_gold
from qa_service.types import Ask, RankedPassage, Result

if TYPE_CHECKING:
    from qa_service.engine import Engine

DEPTH = 100
"""Articles ranked per question, as far as Recall@100 looks."""
PASSAGES = max(ANCHOR_MEASURES.values())
"""Passages asked for per anchored question."""
SHOWN = 10

Span = tuple[str, int, int]
"""(article id, start, end)."""


class Asker:
    """Asks a collection. Every question is asked at a threshold of 0, so that there always is an answer to judge."""

    def __init__(self, engine: Engine, collection: str, track: Track[Any]) -> None:
        self._engine = engine
        self._collection = collection
        self._track = track
        self._threshold = engine.settings.min_confidence

    def judged(self, questions: Sequence[JudgedQuestion]) -> tuple[Record, ...]:
        """Rank the articles for each question, and answer it."""
        asked: list[tuple[JudgedQuestion, list[str], Result]] = []
        for question in self._track(questions, len(questions), "ranking articles"):
            ranking = self._engine.rank(question.text, self._collection, depth=DEPTH)
            # Sets of arguments ask with an article of the corpus itself; as BEIR has it, that article is no answer.
            own = any(article == question.id for article, _ in ranking)
            ranking = [item for item in ranking if item[0] != question.id]
            result = self._ask(question.text, 2 if own else 1)
            asked.append((question, pessimistic_order(ranking, question.relevance), result))
        orders = {question.id: order for question, order, _ in asked}
        values = question_measures(orders, {question.id: question.relevance for question in questions})
        return tuple(self._judged(question, order, result, values[question.id]) for question, order, result in asked)

    def _judged(
        self, question: JudgedQuestion, order: Sequence[str], result: Result, values: Mapping[str, float]
    ) -> Record:
        first = next((passage for passage in result.passages if passage.article_id != question.id), None)
        right = first is not None and first.article_id in question.relevance
        record = Record(
            id=question.id,
            question=question.text,
            kind=ANSWERABLE,
            cluster=next(iter(question.relevance)),
            confidence=first.score if first else 0.0,
            answered=first is not None and first.score >= self._threshold,
            right_first=right,
            right=tuple(question.relevance),
            ranks=tuple(rank for rank, id_ in enumerate(order, start=1) if id_ in question.relevance),
            first=tuple(order[:SHOWN]),
            values=values,
        )
        return _with_answer(record, result, first, question.gold)

    def anchored(self, questions: Sequence[AnchoredQuestion]) -> tuple[Record, ...]:
        """Answer each question, and look for the anchors in its passages.

        Errors:
            NotFound: an anchor's article is not in the collection.
        """
        # All are looked for before any is asked, so that a question on an article that is not there is found at once.
        wanted = [self._occurrences(question) for question in questions]
        pairs = list(zip(questions, wanted, strict=True))
        return tuple(self._anchored(question, spans) for question, spans in self._track(pairs, len(pairs), "asking"))

    def _anchored(self, question: AnchoredQuestion, wanted: Sequence[Span]) -> Record:
        result = self._ask(question.text, PASSAGES)
        ranks = [p.rank for p in result.passages if covers(p, wanted)]
        anchors = tuple(anchor.text for anchor in question.anchors)
        record = Record(
            id=question.id,
            question=question.text,
            kind=ANSWERABLE,
            cluster=question.anchors[0].article_id,
            confidence=result.confidence,
            answered=bool(result.passages) and result.confidence >= self._threshold,
            right_first=ranks[:1] == [1],
            right=tuple(anchor.article_id for anchor in question.anchors),
            anchors=anchors,
            anchor_found=bool(wanted),
            ranks=tuple(ranks[:1]),
            first=tuple(f"{p.article_id}[{p.start}:{p.end}]" for p in result.passages),
            values={name: float(any(r <= limit for r in ranks)) for name, limit in ANCHOR_MEASURES.items()},
        )
        return _with_answer(record, result, result.passages[0] if result.passages else None, anchors)

    def unanswered(self, questions: Sequence[UnansweredQuestion]) -> tuple[Record, ...]:
        """Ask questions that the collection does not answer."""
        return tuple(self._unanswered(q) for q in self._track(questions, len(questions), "asking what is not answered"))

    def _unanswered(self, question: UnansweredQuestion) -> Record:
        result = self._ask(question.text, 1)
        return Record(
            id=question.id,
            question=question.text,
            kind=question.kind,
            cluster=question.cluster,
            confidence=result.confidence,
            answered=bool(result.passages) and result.confidence >= self._threshold,
            first=tuple(passage.article_id for passage in result.passages),
            answer=result.answer.text if result.answer else None,
        )

    def _ask(self, question: str, top_k: int) -> Result:
        asked = Ask(question, collection=self._collection, top_k=top_k, min_confidence=0.0, text_form="original")
        return self._engine.ask(asked)

    def _occurrences(self, question: AnchoredQuestion) -> list[Span]:
        try:
            return [span for anchor in question.anchors for span in occurrences(self._engine, self._collection, anchor)]
        except NotFound as error:
            remedy = "check --articles or --collection, or take the question out"
            raise NotFound(error.detail, field=question.place, remedy=remedy) from error


def occurrences(engine: Engine, collection: str, anchor: Anchor) -> Iterator[Span]:
    """Find every place of an anchor in its article's original text.

    Errors:
        NotFound: there is no such article.
    """
    text = engine.article(collection, anchor.article_id).text
    at = text.find(anchor.text)
    while at >= 0:
        yield anchor.article_id, at, at + len(anchor.text)
        at = text.find(anchor.text, at + 1)


def _with_answer(record: Record, result: Result, first: RankedPassage | None, gold: Sequence[str]) -> Record:
    """Add the answer, and whether it holds a gold string where the right article came first."""
    answer = result.answer
    if answer is None or first is None or answer.passage_id != first.passage_id:
        return record
    record = replace(record, answer=answer.text)
    if not gold or not record.right_first:
        return record
    sentence = first.highlights[0] if first.highlights else None
    shown = first.text[sentence.start - first.start : sentence.end - first.start] if sentence else ""
    return replace(
        record, answer_has_gold=contains_gold(answer.text, gold), sentence_has_gold=contains_gold(shown, gold)
    )


def covers(passage: RankedPassage, wanted: Sequence[Span]) -> bool:
    """Tell whether a passage, or a copy that it stands for, covers one of the places."""
    return any(_covers(span, wanted) for span in _places(passage))


def _places(passage: RankedPassage) -> Iterator[Span]:
    yield passage.article_id, passage.start, passage.end
    for copy in passage.also_in:
        yield copy.article_id, copy.start, copy.end


def _covers(span: Span, wanted: Sequence[Span]) -> bool:
    article_id, start, end = span
    return any(other == article_id and start <= first and last <= end for other, first, last in wanted)
