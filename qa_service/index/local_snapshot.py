"""A snapshot of indexes in files: one generation opened, shared by all threads until nobody asks it any more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.exact import ExactIndex
from qa_service.index.admitted import Admitted
from qa_service.index.base import Base
from qa_service.index.bm25 import Hits, Postings, WordQuery
from qa_service.index.legs import SENTENCE_BITS, ExactLeg, Leg
from qa_service.index.manifest import Manifest
from qa_service.index.second_thread import SecondThread
from qa_service.index.shown import Shown
from qa_service.index.snapshot import Keys, Vector
from qa_service.store.catalog import Connection
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

MAX_QUERY_TERMS = 64
"""Words that nominate, the rarest first; every word takes part in scoring."""
TELLING_IDF = math.log1p(0.7 / 0.3)
"""IDF from which on a word nominates in a large collection: of one that under 30% of the passages have. Among a million
passages, 200 questions of the public sets found the same ten best without the others, in a fifth of the time."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Passages added after the base, indexed in memory."""

    keys: Keys
    windows: Leg
    sentences: Leg
    words: Postings

    @staticmethod
    def build(entries: Sequence[IndexEntry], segments: Segments, dim: int) -> Chunk:
        """Index passages given with their words and the place of their vectors."""
        windows, sentences = ExactIndex(dim), ExactIndex(dim)
        keys = np.array([entry.key for entry in entries], dtype=np.int64)
        blocks = segments.read_all([entry.block for entry in entries])
        if blocks:
            # At once, so that there is no room to grow in what never grows.
            windows.add(keys, np.stack([block[0] for block in blocks]))
            ids = [(key << SENTENCE_BITS) + np.arange(len(block) - 1) for key, block in zip(keys, blocks, strict=True)]
            sentences.add(np.concatenate(ids), np.concatenate([block[1:] for block in blocks]))
        words = Postings((entry.key, entry.terms) for entry in entries)
        return Chunk(keys, ExactLeg(windows, 0), ExactLeg(sentences, SENTENCE_BITS), words)


@dataclass(frozen=True, slots=True)
class LocalSnapshot:
    """One generation in memory; `dead` are keys present in its indexes but deleted, in increasing order."""

    manifest: Manifest
    base: Base | None
    chunks: tuple[Chunk, ...]
    dead: Keys
    second: SecondThread

    @property
    def seq(self) -> int:
        """The write sequence that this snapshot shows."""
        return self.manifest.seq

    def shows(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell of each of some keys whether it is live here."""
        held = np.isin(keys, np.concatenate([np.empty(0, dtype=np.int64), *(chunk.keys for chunk in self.chunks)]))
        if self.base is not None and len(self.base.keys):
            # One by one: the base may hold a million.
            rows = np.minimum(np.searchsorted(self.base.keys, keys), len(self.base.keys) - 1)
            held |= self.base.keys[rows] == keys
        return held & ~np.isin(keys, self.dead)

    def spread(self, connection: Connection, count: int) -> list[int]:  # noqa: ARG002 - it is all in memory
        """Give up to `count` live keys, spread evenly over all of them in order."""
        first = self.base.keys if self.base else np.empty(0, dtype=np.int64)
        later = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *(chunk.keys for chunk in self.chunks)]))
        later = later[~np.isin(later, self.dead)]
        # Where the live rows of the base are follows from where the few dead ones are: it may hold a million.
        rows = np.searchsorted(first, self.dead)
        rows = rows[first[np.minimum(rows, len(first) - 1)] == self.dead] if len(first) else rows[:0]
        gaps = rows - np.arange(len(rows))
        live = len(first) - len(rows)
        total = live + len(later)
        places = np.linspace(0, total - 1, min(count, total)).round().astype(np.int64)
        early = places[places < live]
        found = first[early + np.searchsorted(gaps, early, side="right")], later[places[places >= live] - live]
        return [int(key) for key in np.concatenate(found)]

    def nominate(
        self, vector: Vector, words: WordQuery, limit: int, admitted: Admitted | None = None
    ) -> tuple[Keys, Keys, Keys]:
        """Ask all three legs, see the methods below: windows, sentences, words.

        In a large collection the sentences take as long as the other two legs, and are searched beside them.
        """

        def sentences() -> Keys:
            return self.nominate_sentences(vector, limit, admitted)

        def others() -> tuple[Keys, Keys]:
            return self.nominate_windows(vector, limit, admitted), self.nominate_words(words, limit, admitted)

        is_large = self.base is not None and self.base.is_large
        found, (near, matching) = self.second.both(sentences, others) if is_large else (sentences(), others())
        return near, found, matching

    def nominate_windows(self, query: Vector, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find the `limit` live, admitted passages whose windows are nearest to a unit vector (dim,)."""
        legs = [*([self.base.windows] if self.base else []), *(chunk.windows for chunk in self.chunks)]
        return self._nearest(legs, query, limit, admitted)

    def nominate_sentences(self, query: Vector, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find the `limit` live, admitted passages with the sentences nearest to a unit vector (dim,)."""
        legs = [*([self.base.sentences] if self.base else []), *(chunk.sentences for chunk in self.chunks)]
        return self._nearest(legs, query, limit, admitted)

    def _nearest(self, legs: Sequence[Leg], query: Vector, limit: int, admitted: Admitted | None) -> Keys:
        shown = Shown(self.dead, admitted)
        return _merge([leg.nearest(query, limit, shown) for leg in legs], limit)

    def nominate_words(self, query: WordQuery, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find live, admitted passages with the highest BM25: up to `limit` of the base and each chunk, in key order.

        The base scores with its own statistics, so its scores don't compare with the chunks'; the caller scores all.
        """
        terms = sorted(query.idf, key=lambda term: (-query.idf[term], term))[:MAX_QUERY_TERMS]
        legs: list[Callable[[int], Hits]] = []
        if self.base is not None:
            words = self.base.words
            telling = [term for term in terms if query.idf[term] >= TELLING_IDF] if self.base.is_large else terms
            legs.append(lambda count: words.search(telling or terms, count))
        legs.extend(lambda count, chunk=chunk: chunk.words.search(query, terms, count) for chunk in self.chunks)  # type: ignore[misc]
        found = [_shown_hits(leg, limit, Shown(self.dead, admitted)).keys for leg in legs]
        return np.unique(np.concatenate(found)) if found else Hits.none().keys


def _shown_hits(search: Callable[[int], Hits], limit: int, shown: Shown) -> Hits:
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
