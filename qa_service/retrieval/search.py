"""Asking: from a question and a snapshot to ranked candidates, and from those to a result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from embeddings.encoder import Encoder
from qa_service.index.snapshot import Snapshot
from qa_service.retrieval import calibration
from qa_service.retrieval.explain import explain_ranking
from qa_service.retrieval.grouping import Comparisons, Group, Grouper
from qa_service.retrieval.presenting import Presenter, Shown
from qa_service.retrieval.query import QueryReader
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.store import collections
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments
from qa_service.text.tokens import Tokenizer
from qa_service.types import Ask, Result


class Searcher:
    """Answers questions over snapshots. Holds nothing of a question; safe for threads."""

    def __init__(self, catalog: Catalog, segments: Segments, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._catalog = catalog
        self._segments = segments
        self._tokenizer = tokenizer
        self._queries = QueryReader(encoder, tokenizer)
        self._comparisons = Comparisons()

    def ask(self, ask: Ask, snapshot: Snapshot | None, threshold: float) -> Result:
        """Answer a question from the collection's snapshot; None is a collection without passages."""
        watch = Stopwatch()
        query = self._queries.read(ask.question, watch)
        with self._catalog.read() as connection:
            collection = collections.get(connection, ask.collection)
            ranking = rank(connection, self._segments, collection, snapshot, query, watch)
            texts = Texts(connection)
            groups = list(
                islice(_groups(connection, collection, snapshot, ranking, texts, self._comparisons), ask.top_k)
            )
            watch.lap("copies")
            shown = self._shown(connection, ranking, groups, ask, texts)
            ranking = replace(ranking, order=_in_front(groups, ranking.order))
        watch.lap("render")
        confidence = shown[0].passage.score if shown else 0.0
        answerable = bool(shown) and confidence >= threshold
        return Result(
            question=ask.question,
            answerable=answerable,
            confidence=confidence,
            answer=shown[0].answer(ask.text_form) if answerable else None,
            passages=tuple(one.passage for one in shown),
            timings_ms=watch.timings(),
            generation=snapshot.manifest.name if snapshot else "empty",
            explain=explain_ranking(ranking, shown, self._tokenizer) if ask.explain else None,
        )

    def _shown(
        self, connection: Connection, ranking: Ranking, groups: Sequence[Group], ask: Ask, texts: Texts
    ) -> list[Shown]:
        evidence = ranking.evidence
        if evidence is None:
            return []
        scores = calibration.scores(evidence, [group.place for group in groups], ranking.words.coverage)
        return Presenter(connection, evidence, self._tokenizer, texts).show(groups, scores, ask, ranking.words.by_word)

    def rank_articles(
        self, question: str, collection_name: str, snapshot: Snapshot | None, depth: int
    ) -> list[tuple[str, float]]:
        """Rank distinct articles by their best passage, those that copy it right after it.

        Returns:
            (article id, fused score), best first, at most `depth`. A copy has the score of the passage that stands
            for it if its own is equal, else the next lower number.
        """
        watch = Stopwatch()
        query = self._queries.read(question, watch)
        with self._catalog.read() as connection:
            collection = collections.get(connection, collection_name)
            ranking = rank(connection, self._segments, collection, snapshot, query, watch)
            best: dict[str, float] = {}
            for group in _groups(connection, collection, snapshot, ranking, Texts(connection), self._comparisons):
                for article, score in _scored(ranking, group):
                    best.setdefault(article, score)
                if len(best) >= depth:
                    break
        return list(best.items())[:depth]


def _groups(
    connection: Connection,
    collection: Collection,
    snapshot: Snapshot | None,
    ranking: Ranking,
    texts: Texts,
    known: Comparisons,
) -> Iterator[Group]:
    """Give the ranking's results, best first, each with its copies."""
    if snapshot is None or ranking.evidence is None:
        return iter(())
    return Grouper(connection, collection.row, snapshot.seq, ranking.evidence, texts, known).groups(ranking.order)


def _scored(ranking: Ranking, group: Group) -> Iterator[tuple[str, float]]:
    """Give a result's article and those of its copies with their scores: first those that have the same."""
    assert ranking.evidence is not None
    candidates, own = ranking.evidence.candidates, float(ranking.fused[group.place])
    yield candidates[group.place].article_id, own
    equal = {candidates[place].article_id for place in np.flatnonzero(ranking.fused == own).tolist()}
    yield from ((source.article_id, own) for source in group.sources if source.article_id in equal)
    below = math.nextafter(own, -math.inf)
    yield from ((source.article_id, below) for source in group.sources if source.article_id not in equal)


def _in_front(groups: Sequence[Group], order: Sequence[int]) -> list[int]:
    """Put the results in front of the other candidates."""
    places = [group.place for group in groups]
    return [*places, *(place for place in order if place not in places)]
