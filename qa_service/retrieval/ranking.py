"""Ranking: from a query and a snapshot to scored candidates in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qa_service.index.admitted import Admitted
from qa_service.index.bm25 import WordQuery, score_passages
from qa_service.index.snapshot import Snapshot
from qa_service.retrieval.evidence import Evidence, Scores, gather, word_query
from qa_service.retrieval.fusion import fuse
from qa_service.retrieval.nomination import Nominees, nominate, nominate_among
from qa_service.retrieval.query import Query
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.store import passages
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments

SLOT_FAVOUR = 0.3
"""Added to the fused score of a passage that has all that a fragment (那衡川呢？) puts in the place of something."""
FEW_ADMITTED = 1000
"""Up to so many admitted passages are all scored; of more, the indexes nominate. About where the one takes as long as
the other among 20,000 passages; among more, the indexes take longer."""


@dataclass(frozen=True, slots=True)
class Gains:
    """What freshness added to the candidates' scores (n,), how many are dated, and the newest date as it is written."""

    newest: str
    dated: int
    added: Scores


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates of a question: evidence, fused scores (n,) and their order, best first.

    `favours` is what history added to the fused and the refined scores (n,), `slots` how much of a fragment's words
    each has (n,). `refined` has the learned scores (n,), NaN for what was not refined. `reranked` has the reranker's
    scores (n,), NaN for what it did not read; None without a reranker. `admitted` are the passages that the question's
    filter lets through; None without one. `gains` are what freshness added; with it, no score is to be above `ceiling`.
    """

    query: Query
    words: WordQuery
    nominees: Nominees | None = None
    evidence: Evidence | None = None
    fused: Scores = field(default_factory=lambda: np.empty(0))
    order: Sequence[int] = ()
    favours: Scores = field(default_factory=lambda: np.empty(0))
    slots: Scores = field(default_factory=lambda: np.empty(0))
    refined: Scores | None = None
    reranked: Scores | None = None
    admitted: Admitted | None = None
    gains: Gains | None = None
    ceiling: float = 1.0

    @property
    def scores(self) -> Scores:
        """What the order goes by (n,): the fused scores, above them the refined ones, then those of the reranker."""
        return _above(_above(self.fused, self.refined), self.reranked)


def rank(
    connection: Connection,
    segments: Segments,
    collection: Collection,
    snapshot: Snapshot | None,
    query: Query,
    watch: Stopwatch,
    admitted: Admitted | None = None,
) -> Ranking:
    """Nominate, score and fuse; None is the snapshot of a collection without passages, or admits all passages."""
    words = word_query(connection, collection, query.words, query.weights)
    # A snapshot of a collection deleted and made again under the same name has nothing to say about the new one.
    if snapshot is None or snapshot.manifest.collection != collection.row:
        return Ranking(query, words)
    if admitted is not None and len(admitted.keys) <= FEW_ADMITTED:
        few = passages.candidates(connection, admitted.keys.tolist(), snapshot.seq)
        nominees = nominate_among([one for one in few if one.block.vectors], segments, query, words)
    else:
        nominees = nominate(snapshot, query, words, admitted)
    watch.lap("nominate")
    keys = nominees.keys() if query.favour is None else np.union1d(nominees.keys(), query.favour.keys)
    candidates = passages.candidates(connection, keys.tolist(), snapshot.seq)
    if not candidates:
        return Ranking(query, words, nominees, admitted=admitted)
    watch.lap("fetch")
    evidence = gather(query.vector, words, candidates, segments)
    fused = fuse(evidence.dense, evidence.lexical, evidence.matched, words.coverage)
    favours = np.zeros(len(candidates))
    if query.favour is not None:
        favours += [query.favour.articles.get(candidate.article, 0.0) for candidate in candidates]
    slots = _matched(connection, collection, query.slot, candidates) if query.slot else np.zeros(len(candidates))
    favours += SLOT_FAVOUR * slots
    fused = fused + favours
    order = in_order(candidates, fused)
    watch.lap("score")
    return Ranking(query, words, nominees, evidence, fused, order, favours, slots, admitted=admitted)


def _matched(
    connection: Connection, collection: Collection, words: Sequence[str], candidates: Sequence[Candidate]
) -> Scores:
    """Give the share of the IDF mass of words that each candidate (n,) has."""
    known = word_query(connection, collection, words)
    return score_passages(known, [one.split_terms for one in candidates], [one.words for one in candidates]).matched


def in_order(candidates: Sequence[Candidate], fused: Scores) -> list[int]:
    """Sort candidates by falling score; ties by article id, then start."""
    falling = -fused
    order = np.argsort(falling, kind="stable")
    ordered: list[int] = order.tolist()
    equal = np.flatnonzero(falling[order[1:]] == falling[order[:-1]]) if len(order) > 1 else order[:0]
    if len(equal):
        ranks = np.unique(np.concatenate([equal, equal + 1]))
        tied = sorted(
            (ordered[rank] for rank in ranks.tolist()),
            key=lambda place: (falling[place], candidates[place].article_id, candidates[place].start),
        )
        for rank, place in zip(ranks.tolist(), tied, strict=True):
            ordered[rank] = place
    return ordered


def _above(scores: Scores, better: Scores | None) -> Scores:
    """Put scores that were given to some candidates only, NaN to the others, above all that the others have."""
    if better is None:
        return scores
    lifted = better - np.nanmin(better) + scores.max() + 1
    return np.where(np.isnan(lifted), scores, lifted)
