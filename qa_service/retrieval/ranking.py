"""Ranking: from a query and a snapshot to scored candidates in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qa_service.index.bm25 import WordQuery
from qa_service.index.snapshot import Snapshot
from qa_service.retrieval.evidence import Evidence, Scores, gather, word_query
from qa_service.retrieval.fusion import fuse
from qa_service.retrieval.nomination import Nominees, nominate
from qa_service.retrieval.query import Query
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.store import passages
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates of a question: evidence, fused scores (n,) and their order, best first."""

    query: Query
    words: WordQuery
    nominees: Nominees | None = None
    evidence: Evidence | None = None
    fused: Scores = field(default_factory=lambda: np.empty(0))
    order: Sequence[int] = ()


def rank(
    connection: Connection,
    segments: Segments,
    collection: Collection,
    snapshot: Snapshot | None,
    query: Query,
    watch: Stopwatch,
) -> Ranking:
    """Nominate, score and fuse; None is the snapshot of a collection without passages."""
    words = word_query(connection, collection, query.words)
    # A snapshot of a collection deleted and made again under the same name has nothing to say about the new one.
    if snapshot is None or snapshot.manifest.collection != collection.row:
        return Ranking(query, words)
    nominees = nominate(snapshot, query, words)
    watch.lap("nominate")
    candidates = passages.candidates(connection, nominees.keys().tolist(), snapshot.seq)
    if not candidates:
        return Ranking(query, words, nominees)
    watch.lap("fetch")
    evidence = gather(query.vector, words, candidates, segments)
    fused = fuse(evidence.dense, evidence.lexical, evidence.matched, words.coverage)
    order = in_order(candidates, fused)
    watch.lap("score")
    return Ranking(query, words, nominees, evidence, fused, order)


def in_order(candidates: Sequence[Candidate], fused: Scores) -> list[int]:
    """Sort candidates by falling score; ties by article id, then start."""
    return sorted(
        range(len(candidates)),
        key=lambda place: (-fused[place], candidates[place].article_id, candidates[place].start),
    )
