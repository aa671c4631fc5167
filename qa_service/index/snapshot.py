"""A snapshot: one generation opened for reading, immutable, shared by all threads until nobody asks it any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.exact import ExactIndex
from embeddings.index import VectorIndex
from qa_service.index.base import SENTENCE_BITS, Base, vectors_of
from qa_service.index.bm25 import Hits, Postings, WordQuery
from qa_service.index.manifest import Manifest
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

MAX_QUERY_TERMS = 64
"""Words that nominate, the rarest first; every word takes part in scoring."""

Vector = NDArray[np.float32]
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Passages added after the base, indexed in memory."""

    keys: Keys
    windows: ExactIndex
    sentences: ExactIndex
    words: Postings

    @staticmethod
    def build(entries: Sequence[IndexEntry], segments: Segments, dim: int) -> Chunk:
        """Index passages given with their words and the place of their vectors."""
        windows, sentences = ExactIndex(dim), ExactIndex(dim)
        for window_ids, window_vectors, ids, vectors in vectors_of(entries, segments):
            windows.add(window_ids, window_vectors)
            sentences.add(ids, vectors)
        keys = np.array([entry.key for entry in entries], dtype=np.int64)
        return Chunk(keys, windows, sentences, Postings((entry.key, entry.terms) for entry in entries))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation in memory; `dead` are keys present in its indexes but deleted, in increasing order."""

    manifest: Manifest
    base: Base | None
    chunks: tuple[Chunk, ...]
    dead: Keys

    @property
    def seq(self) -> int:
        """The write sequence that this snapshot shows."""
        return self.manifest.seq

    def nominate_windows(self, query: Vector, limit: int) -> Keys:
        """Find the `limit` live passages whose windows are nearest to a unit vector (dim,)."""
        indexes = [*([self.base.windows] if self.base else []), *(chunk.windows for chunk in self.chunks)]
        return _merge([_distinct(index, query, limit, self.dead, 0) for index in indexes], limit)

    def nominate_sentences(self, query: Vector, limit: int) -> Keys:
        """Find the `limit` live passages with the sentences nearest to a unit vector (dim,)."""
        indexes = [*([self.base.sentences] if self.base else []), *(chunk.sentences for chunk in self.chunks)]
        return _merge([_distinct(index, query, limit, self.dead, SENTENCE_BITS) for index in indexes], limit)

    def nominate_words(self, query: WordQuery, limit: int) -> Keys:
        """Find live passages with the highest BM25: up to `limit` of the base and of each chunk, in key order.

        The base scores with its own statistics, so its scores don't compare with the chunks'; the caller scores all.
        """
        terms = sorted(query.idf, key=lambda term: (-query.idf[term], term))[:MAX_QUERY_TERMS]
        legs: list[Callable[[int], Hits]] = []
        if self.base is not None:
            words = self.base.words
            legs.append(lambda count: words.search(terms, count))
        legs.extend(lambda count, chunk=chunk: chunk.words.search(query, terms, count) for chunk in self.chunks)  # type: ignore[misc]
        found = [_live_hits(leg, limit, self.dead).keys for leg in legs]
        return np.unique(np.concatenate(found)) if found else Hits.none().keys


def _is_dead(keys: Keys, dead: Keys) -> NDArray[np.bool_]:
    return np.isin(keys, dead, assume_unique=False) if len(dead) else np.zeros(len(keys), dtype=bool)


def _distinct(index: VectorIndex, query: Vector, limit: int, dead: Keys, bits: int) -> Hits:
    """Search until `limit` distinct live passages are found or the index is exhausted."""
    total = len(index)
    count = min(total, limit if bits == 0 else 4 * limit)
    while count:
        scores, ids = index.search(query[np.newaxis], count)
        keys = ids[0] >> bits
        alive = ~_is_dead(keys, dead)
        keys, best = keys[alive], scores[0][alive]
        _, first = np.unique(keys, return_index=True)
        if len(first) >= limit or count == total:
            first = np.sort(first)[:limit]
            return Hits(keys[first], best[first])
        count = min(total, 4 * count)
    return Hits.none()


def _live_hits(search: Callable[[int], Hits], limit: int, dead: Keys) -> Hits:
    """Search for words until `limit` live passages are found or no more match."""
    count = limit
    while True:
        hits = search(count)
        alive = ~_is_dead(hits.keys, dead)
        if int(alive.sum()) >= limit or len(hits.keys) < count:
            return Hits(hits.keys[alive][:limit], hits.scores[alive][:limit])
        count *= 4


def _merge(parts: Sequence[Hits], limit: int) -> Keys:
    if not parts:
        return Hits.none().keys
    keys = np.concatenate([part.keys for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    return keys[np.argsort(-scores, kind="stable")[:limit]]
