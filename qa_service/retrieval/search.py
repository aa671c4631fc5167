"""Asking: from a question and a snapshot to ranked candidates, and from those to a result."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from embeddings.encoder import Encoder
from qa_service.index.bm25 import WordQuery
from qa_service.index.snapshot import Snapshot, Vector
from qa_service.retrieval import calibration
from qa_service.retrieval.evidence import Evidence, Scores, gather, word_query
from qa_service.retrieval.explain import explain_ranking
from qa_service.retrieval.fusion import fuse
from qa_service.retrieval.grouping import Comparisons, Group, Grouper
from qa_service.retrieval.presenting import Presenter, Shown
from qa_service.retrieval.texts import Texts
from qa_service.store import collections, passages
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments
from qa_service.text.fold import encoder_fold
from qa_service.text.tokens import Tokenizer
from qa_service.types import Ask, Result

NOMINEES = 100
"""Distinct passages that each leg nominates, whatever top_k is."""


class Stopwatch:
    """Wall-clock milliseconds by stage."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to a stage."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1e3
        self._last = now

    def timings(self) -> dict[str, float]:
        """Give the stages and their total, rounded to microseconds."""
        total = (time.perf_counter() - self._began) * 1e3
        return {stage: round(ms, 3) for stage, ms in self.stages.items()} | {"total": round(total, 3)}


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates of a question: evidence, fused scores (n,) and their order, best first."""

    question_words: Sequence[str]
    words: WordQuery
    evidence: Evidence | None
    fused: Scores = field(default_factory=lambda: np.empty(0))
    order: Sequence[int] = ()


class Searcher:
    """Answers questions over snapshots. Holds nothing of a question; safe for threads."""

    def __init__(self, catalog: Catalog, segments: Segments, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._catalog = catalog
        self._segments = segments
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._comparisons = Comparisons()

    def ask(self, ask: Ask, snapshot: Snapshot | None, threshold: float) -> Result:
        """Answer a question from the collection's snapshot; None is a collection without passages."""
        watch = Stopwatch()
        query = self._encoder.encode_queries([encoder_fold(ask.question)])[0]
        watch.lap("encode")
        question_words = self._tokenizer.words(ask.question)
        watch.lap("tokenize")
        with self._catalog.read() as connection:
            collection = collections.get(connection, ask.collection)
            ranking = self._rank(connection, collection, snapshot, query, question_words, watch)
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
        query = self._encoder.encode_queries([encoder_fold(question)])[0]
        with self._catalog.read() as connection:
            collection = collections.get(connection, collection_name)
            ranking = self._rank(connection, collection, snapshot, query, self._tokenizer.words(question), Stopwatch())
            best: dict[str, float] = {}
            for group in _groups(connection, collection, snapshot, ranking, Texts(connection), self._comparisons):
                for article, score in _scored(ranking, group):
                    best.setdefault(article, score)
                if len(best) >= depth:
                    break
        return list(best.items())[:depth]

    def _rank(
        self,
        connection: Connection,
        collection: Collection,
        snapshot: Snapshot | None,
        query: Vector,
        question_words: Sequence[str],
        watch: Stopwatch,
    ) -> Ranking:
        known = word_query(connection, collection, question_words)
        # A snapshot of a collection deleted and made again under the same name has nothing to say about the new one.
        if snapshot is None or snapshot.manifest.collection != collection.row:
            return Ranking(question_words, known, None)
        keys = np.unique(
            np.concatenate(
                [
                    snapshot.nominate_windows(query, NOMINEES),
                    snapshot.nominate_sentences(query, NOMINEES),
                    snapshot.nominate_words(known, NOMINEES),
                ]
            )
        )
        watch.lap("nominate")
        candidates = passages.candidates(connection, keys.tolist(), snapshot.seq)
        if not candidates:
            return Ranking(question_words, known, None)
        watch.lap("fetch")
        evidence = gather(query, known, candidates, self._segments)
        fused = fuse(evidence.dense, evidence.lexical, evidence.matched, known.coverage)
        order = _order(candidates, fused)
        watch.lap("score")
        return Ranking(question_words, known, evidence, fused, order)


def _order(candidates: Sequence[Candidate], fused: Scores) -> list[int]:
    """Sort candidates by falling score; ties by article id, then start."""
    return sorted(
        range(len(candidates)),
        key=lambda place: (-fused[place], candidates[place].article_id, candidates[place].start),
    )


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
