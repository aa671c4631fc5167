"""Reranking: the best candidates once more, each read together with the question by a cross-encoder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.reranker import Reranker
from qa_service.retrieval.evidence import Evidence
from qa_service.retrieval.ranking import Ranking
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import ArticleText, Texts
from qa_service.store.packing import unpack_spans
from qa_service.store.passages import Candidate
from qa_service.text.fold import encoder_fold
from qa_service.types import Span

_log = logging.getLogger(__name__)
_SHOWN = 200
"""Characters of a failure's message in the log."""


class Reranking:
    """Puts the first candidates of rankings in a reranker's order. Safe for threads.

    A reranker that fails never costs an answer: the ranking stays as it was, and `warnings` tells, until it works
    again.

    Parameters:
        reranker: reads question and passage together.
        depth: how many candidates it reads, the best of the fused order.
    """

    def __init__(self, reranker: Reranker, depth: int) -> None:
        self._reranker = reranker
        self._depth = depth
        self._trouble: str | None = None

    def warnings(self) -> list[str]:
        """Tell that answers come without the reranker, if the last one did."""
        return [f"answers come without the reranker: {self._trouble}"] if self._trouble else []

    def apply(self, ranking: Ranking, texts: Texts, watch: Stopwatch) -> Ranking:
        """Reorder the first candidates by the reranker's score, ties and the others in the order they had.

        Errors:
            NotFound, Damaged: a candidate's text cannot be read.
        """
        if ranking.evidence is None or not ranking.order:
            return ranking
        query = encoder_fold(ranking.query.text)
        first, rest = ranking.order[: self._depth], ranking.order[self._depth :]
        windows = [_Window(ranking.evidence, place, texts) for place in first]
        whole = [window.text() for window in windows]
        try:
            scores = self._score(query, whole, windows)
        except Exception as error:
            self._failed(error)
            watch.lap("rerank")
            return ranking
        self._trouble = None
        reranked = np.full(len(ranking.fused), np.nan)
        reranked[list(first)] = scores
        order = [*sorted(first, key=lambda place: -reranked[place]), *rest]
        watch.lap("rerank")
        return replace(ranking, order=order, reranked=reranked)

    def _score(self, query: str, whole: Sequence[str], windows: Sequence[_Window]) -> NDArray[np.float32]:
        room, count = self._reranker.room(query), self._reranker.count_tokens
        lengths = count(whole)
        given = [
            text if length <= room else window.best_part(room, count(window.sentences()))
            for text, length, window in zip(whole, lengths, windows, strict=True)
        ]
        # Equal texts are scored once: in batches of different company their scores would differ in the last digit.
        places = {text: place for place, text in enumerate(dict.fromkeys(given))}
        scores = self._reranker.score(query, list(places))
        if scores.shape != (len(places),) or not np.isfinite(scores).all():
            raise ValueError("the scores are not one number for each passage")
        return scores[[places[text] for text in given]]

    def _failed(self, error: Exception) -> None:
        if self._trouble is None:
            # Once for as long as it lasts, as a line of its own whatever the message holds.
            message = ascii(str(error)[:_SHOWN])
            _log.warning("the reranker failed, answers come without it: %s: %s", type(error).__name__, message)
        self._trouble = type(error).__name__


class _Window:
    """A candidate's text as it was encoded: repaired, folded, without what was left out of the search."""

    def __init__(self, evidence: Evidence, place: int, texts: Texts) -> None:
        candidate: Candidate = evidence.candidates[place]
        self._text: ArticleText = texts.of(candidate.article)
        self._spans = candidate.spans()
        self._omitted = unpack_spans(candidate.omitted)
        self._cosines = evidence.sentences[place]

    def text(self) -> str:
        """Give all of it."""
        return self._slice(0, len(self._spans) - 1)

    def sentences(self) -> list[str]:
        """Give each sentence for itself."""
        return [self._slice(number, number) for number in range(len(self._spans))]

    def best_part(self, room: int, lengths: Sequence[int]) -> str:
        """Give the sentences around the best one that fit in `room` tokens, `lengths` being theirs."""
        return self._slice(*best_stretch(self._cosines, lengths, room))

    def _slice(self, first: int, last: int) -> str:
        pieces = _without(self._spans[first].start, self._spans[last].end, self._omitted)
        return encoder_fold("".join(self._text.repaired(start, end) for start, end in pieces).strip())


def best_stretch(cosines: NDArray[np.float32], lengths: Sequence[int], room: int) -> tuple[int, int]:
    """Choose sentences that follow one another: the best, and the better of its neighbours for as long as they fit.

    Parameters:
        cosines: of the sentences with the question (n,).
        lengths: of the sentences in tokens (n,).
        room: tokens that they may have together.

    Returns:
        The places of the first and the last; one sentence alone may be over `room`.
    """
    first = last = int(np.argmax(cosines))
    used = lengths[first]
    while True:
        neighbours = [place for place in (first - 1, last + 1) if 0 <= place < len(lengths)]
        fitting = [place for place in neighbours if used + lengths[place] <= room]
        if not fitting:
            return first, last
        place = max(fitting, key=lambda place: float(cosines[place]))
        used += lengths[place]
        first, last = min(first, place), max(last, place)


def _without(start: int, end: int, gaps: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Take spans out of a stretch."""
    for gap in gaps:
        if start <= gap.start and gap.end <= end:
            yield start, gap.start
            start = gap.end
    yield start, end
