"""A snapshot: one generation opened for reading, immutable, shared by all threads until nobody asks it any more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.exact import ExactIndex
from embeddings.index import VectorIndex
from qa_service.index.admitted import Admitted
from qa_service.index.base import SENTENCE_BITS, Base, vectors_of
from qa_service.index.bm25 import Hits, Postings, WordQuery
from qa_service.index.manifest import Manifest
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

MAX_QUERY_TERMS = 64
"""Words that nominate, the rarest first; every word takes part in scoring."""
_MARGIN = 1.5
"""How much deeper than its share suggests a search for admitted passages goes at first."""

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

    def nominate_windows(self, query: Vector, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find the `limit` live, admitted passages whose windows are nearest to a unit vector (dim,)."""
        shown = _Shown(self.dead, admitted)
        indexes = [*([self.base.windows] if self.base else []), *(chunk.windows for chunk in self.chunks)]
        return _merge([_distinct(index, query, limit, shown, 0) for index in indexes], limit)

    def nominate_sentences(self, query: Vector, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find the `limit` live, admitted passages with the sentences nearest to a unit vector (dim,)."""
        shown = _Shown(self.dead, admitted)
        indexes = [*([self.base.sentences] if self.base else []), *(chunk.sentences for chunk in self.chunks)]
        return _merge([_distinct(index, query, limit, shown, SENTENCE_BITS) for index in indexes], limit)

    def nominate_words(self, query: WordQuery, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find live, admitted passages with the highest BM25: up to `limit` of the base and each chunk, in key order.

        The base scores with its own statistics, so its scores don't compare with the chunks'; the caller scores all.
        """
        terms = sorted(query.idf, key=lambda term: (-query.idf[term], term))[:MAX_QUERY_TERMS]
        legs: list[Callable[[int], Hits]] = []
        if self.base is not None:
            words = self.base.words
            legs.append(lambda count: words.search(terms, count))
        legs.extend(lambda count, chunk=chunk: chunk.words.search(query, terms, count) for chunk in self.chunks)  # type: ignore[misc]
        found = [_shown_hits(leg, limit, _Shown(self.dead, admitted)).keys for leg in legs]
        return np.unique(np.concatenate(found)) if found else Hits.none().keys


@dataclass(frozen=True, slots=True)
class _Shown:
    """Tells which passages of an index may be shown: live ones, of those that a filter admits."""

    dead: Keys
    admitted: Admitted | None

    def mask(self, keys: Keys) -> NDArray[np.bool_]:
        shown = np.ones(len(keys), dtype=bool) if self.admitted is None else self.admitted.mask(keys)
        return shown & ~np.isin(keys, self.dead) if len(self.dead) else shown

    def depth(self, limit: int) -> int:
        """Guess how many hits hold `limit` of them."""
        return limit if self.admitted is None else math.ceil(_MARGIN * limit / self.admitted.share)


def _distinct(index: VectorIndex, query: Vector, limit: int, shown: _Shown, bits: int) -> Hits:
    """Search until `limit` distinct passages to be shown are found or the index is exhausted."""
    total = len(index)
    count = min(total, shown.depth(limit if bits == 0 else 4 * limit))
    while count:
        scores, ids = index.search(query[np.newaxis], count)
        keys = ids[0] >> bits
        kept = shown.mask(keys)
        keys, best = keys[kept], scores[0][kept]
        _, first = np.unique(keys, return_index=True)
        if len(first) >= limit or count == total:
            first = np.sort(first)[:limit]
            return Hits(keys[first], best[first])
        count = min(total, 4 * count)
    return Hits.none()


def _shown_hits(search: Callable[[int], Hits], limit: int, shown: _Shown) -> Hits:
    """Search for words until `limit` passages to be shown are found or no more match."""
    count = shown.depth(limit)
    while True:
        hits = search(count)
        kept = shown.mask(hits.keys)
        if int(kept.sum()) >= limit or len(hits.keys) < count:
            return Hits(hits.keys[kept][:limit], hits.scores[kept][:limit])
        count *= 4


def _merge(parts: Sequence[Hits], limit: int) -> Keys:
    if not parts:
        return Hits.none().keys
    keys = np.concatenate([part.keys for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    return keys[np.argsort(-scores, kind="stable")[:limit]]
