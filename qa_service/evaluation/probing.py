"""Asks the questions to which confidences are refitted: as they are, and again without the articles that answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa_service.errors import NotFound
from qa_service.evaluation.asking import Span, covers, occurrences
from qa_service.evaluation.datasets import (
    ANSWERABLE,
    TAKEN_OUT,
    UNHELPFUL,
    AnchoredQuestion,
    UnansweredQuestion,
    UnhelpfulQuestion,
)
from qa_service.evaluation.measuring import Track
from qa_service.filters.parsing import parse_filter
from qa_service.filters.tree import Filter
from qa_service.retrieval.log_odds import log_odds_of
from qa_service.types import Ask, Result

if TYPE_CHECKING:
    from qa_service.engine import Engine

PASSAGES = 10
"""Passages in which copies of what answers are looked for, so that they are left out with it."""

GAP = "____"
"""What stands in a suggested line that is no question yet."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question as it was asked once.

    Attributes:
        id: the question's; those asked twice share it.
        kind: `answerable`, `taken_out` (asked without the articles that answer it), `unhelpful` (its first passage was
            judged not to answer it), or that of an unanswered one.
        articles: those that answer it, with their copies; none for an unanswered question.
        log_odds: of the first passage, before any adjustment.
        right: whether that passage covers an anchor.
    """

    id: str
    kind: str
    articles: frozenset[str]
    log_odds: float
    right: bool


@dataclass(frozen=True, slots=True)
class Probes:
    """What asking gave: every probe, and the places of the questions whose anchors stand in none of their articles.

    `outranked` questions were judged by a passage that does not come first any more.
    """

    probes: tuple[Probe, ...]
    without_anchor: tuple[str, ...]
    nothing_found: int
    outranked: int = 0


class Prober:
    """Asks a collection; the engine's adjustment plays no part in what is taken from the answers."""

    def __init__(self, engine: Engine, collection: str, track: Track[Any]) -> None:
        self._engine = engine
        self._collection = collection
        self._track = track

    def probe(
        self,
        questions: Sequence[AnchoredQuestion],
        unanswered: Sequence[UnansweredQuestion],
        unhelpful: Sequence[UnhelpfulQuestion] = (),
    ) -> Probes:
        """Ask every question with an answer twice and the others once.

        What finds no passage at all has no log-odds: nothing can be adjusted there, and it is left out.

        Errors:
            NotFound: no such collection, or it lacks an article that a question names.
        """
        # All are looked for before any is asked, so that a question on an article that is not there is found at once.
        wanted = [self._occurrences(question) for question in questions]
        pairs = [pair for pair in zip(questions, wanted, strict=True) if pair[1]]
        found: list[Probe | None] = []
        for question, spans in self._track(pairs, len(pairs), "asking"):
            found.extend(self._twice(question, spans))
        for one in self._track(unanswered, len(unanswered), "asking what is not answered"):
            log_odds = log_odds_of(self._ask(one.text))
            found.append(None if log_odds is None else Probe(one.id, one.kind, frozenset(), log_odds, False))
        judged = [self._judged(one) for one in self._track(unhelpful, len(unhelpful), "asking what was judged")]
        found.extend(one for one in judged if one is not None)
        missing = tuple(question.place for question, spans in zip(questions, wanted, strict=True) if not spans)
        probes = tuple(one for one in found if one is not None)
        return Probes(probes, missing, len(found) - len(probes), judged.count(None))

    def _judged(self, question: UnhelpfulQuestion) -> Probe | None:
        """Ask a question again; None unless what was judged comes first."""
        result = self._ask(question.text)
        log_odds = log_odds_of(result)
        if log_odds is None or not covers(result.passages[0], self._occurrences(question)):
            return None
        return Probe(question.id, UNHELPFUL, frozenset(), log_odds, False)

    def _twice(self, question: AnchoredQuestion, spans: Sequence[Span]) -> Iterator[Probe | None]:
        result = self._ask(question.text)
        covering = [covers(passage, spans) for passage in result.passages]
        articles = {anchor.article_id for anchor in question.anchors}
        for passage, right in zip(result.passages, covering, strict=True):
            if right:
                articles.update([passage.article_id, *(copy.article_id for copy in passage.also_in)])
        without = parse_filter({"type": "nin", "key": "article_id", "value": sorted(articles)})
        asked = ((ANSWERABLE, result, covering[:1] == [True]), (TAKEN_OUT, self._ask(question.text, without), False))
        for kind, given, right in asked:
            log_odds = log_odds_of(given)
            yield None if log_odds is None else Probe(question.id, kind, frozenset(articles), log_odds, right)

    def _ask(self, question: str, filters: Filter | None = None) -> Result:
        asked = Ask(question, collection=self._collection, top_k=PASSAGES, explain=True, filters=filters)
        return self._engine.ask(asked)

    def _occurrences(self, question: AnchoredQuestion | UnhelpfulQuestion) -> list[Span]:
        try:
            return [span for anchor in question.anchors for span in occurrences(self._engine, self._collection, anchor)]
        except NotFound as error:
            remedy = "check --collection, or take the question out"
            raise NotFound(error.detail, field=question.place, remedy=remedy) from error


def clusters(probes: Iterable[Probe]) -> list[str]:
    """Name the cluster of each probe: questions that share an article, directly or over others, share a cluster."""
    probes = list(probes)
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    names = [sorted(one.articles) or [f"\0{one.id}"] for one in probes]  # no article's id begins with NUL
    for first, *others in names:
        for other in others:
            one, two = sorted((lead(first), lead(other)))
            leader[two] = one
    return [lead(first) for first, *_ in names]
