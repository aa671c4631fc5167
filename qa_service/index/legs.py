"""The dense legs of a base or a chunk: each finds the passages with the windows, or the sentences, nearest a query."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.index import VectorIndex
from embeddings.ivf_index import Effort, IvfIndex, Subset
from qa_service.index.admitted import Admitted, Keys
from qa_service.index.bm25 import Hits
from qa_service.index.places import Places, Rows
from qa_service.index.shown import Shown

Vector = NDArray[np.float32]

SENTENCE_BITS = 10
"""A sentence's id in an exact index is `key << 10 | number`: a passage has at most 1,024 sentences."""
ALL_SCORED = 20_000
"""Up to so many admitted vectors are all scored; of more, those that lie in the lists looked into."""
_SUBSETS = 4
_PER_PASSAGE = 4
"""Sentences to look for, for each passage wanted, as several may be of one passage."""


class Leg(Protocol):
    """Finds passages by vectors of one kind. Safe for threads."""

    def nearest(self, query: Vector, limit: int, shown: Shown) -> Hits:
        """Find up to `limit` distinct passages to be shown, with the vectors nearest to a unit vector (dim,)."""

    def ids(self) -> Rows:
        """Give the ids of all its vectors, in no order."""


@dataclass(frozen=True, slots=True)
class ExactLeg:
    """A leg over an exact index whose ids are keys, shifted by `bits`."""

    index: VectorIndex
    bits: int

    def ids(self) -> Rows:
        """Give the ids of all its vectors, in no order."""
        return self.index.ids()

    def nearest(self, query: Vector, limit: int, shown: Shown) -> Hits:
        """Search until `limit` passages are found or the index is exhausted."""
        total = len(self.index)
        count = min(total, shown.depth(limit if self.bits == 0 else _PER_PASSAGE * limit))
        while count:
            scores, ids = self.index.search(query[np.newaxis], count)
            hits = distinct(ids[0] >> self.bits, scores[0], limit, shown)
            if len(hits.keys) >= limit or count == total:
                return hits
            count = min(total, 4 * count)
        return Hits.none()


class IvfLeg:
    """A leg over inverted lists of codes whose ids are rows of a base, or the numbers of its sentences.

    Args:
        index: its ids are rows or numbers.
        places: those of the base.
        of_sentences: whether they are numbers of sentences.
    """

    def __init__(self, index: IvfIndex, places: Places, *, of_sentences: bool) -> None:
        self.index = index
        self._places = places
        self._of_sentences = of_sentences
        self._subsets: OrderedDict[int, tuple[Admitted, Rows, Subset | None]] = OrderedDict()

    def ids(self) -> Rows:
        """Give the ids of all its vectors, list after list."""
        return self.index.listed()

    def nearest(self, query: Vector, limit: int, shown: Shown) -> Hits:
        """Search until `limit` passages are found or the index is exhausted."""
        subset: Subset | None = None
        total = len(self.index)
        if shown.admitted is not None:
            ids, subset = self._admitted(shown.admitted)
            if subset is None:
                return distinct(self._keys(ids), self._scores(query, ids), limit, shown)
            total = subset.count
        effort = self.index.effort
        count = min(total, max(effort.fetched, (_PER_PASSAGE if self._of_sentences else 2) * limit))
        while count:
            scores, found = self.index.search(query[np.newaxis], count, subset, effort=effort)
            hits = distinct(self._keys(found[0]), scores[0], limit, shown)
            if len(hits.keys) >= limit or count == total:
                return hits
            count, effort = min(total, 4 * count), Effort(4 * effort.probes, effort.fetched)
        return Hits.none()

    def _keys(self, ids: Rows) -> Keys:
        return self._places.keys[self._places.owners(ids) if self._of_sentences else ids]

    def _scores(self, query: Vector, ids: Rows) -> NDArray[np.float32]:
        if not len(ids):
            return np.empty(0, dtype=np.float32)
        # One summation order for all rows, so that equal vectors have equal scores.
        found: NDArray[np.float32] = np.einsum("ij,j->i", self.index.stored(ids), query)
        return found

    def _admitted(self, admitted: Admitted) -> tuple[Rows, Subset | None]:
        """Give the ids that a filter admits, with a subset to search among if they are many."""
        known = self._subsets.get(id(admitted))
        if known is not None and known[0] is admitted:
            return known[1], known[2]
        ids = self._places.rows_of(admitted.keys)
        if self._of_sentences:
            ids = self._places.sentences_of(ids)
        subset = Subset.of(ids, len(self.index)) if len(ids) > ALL_SCORED else None
        ids = ids if subset is None else np.empty(0, dtype=np.int64)
        self._subsets[id(admitted)] = admitted, ids, subset
        while len(self._subsets) > _SUBSETS:
            self._subsets.popitem(last=False)
        return ids, subset


def distinct(keys: Keys, scores: NDArray[np.float32], limit: int, shown: Shown) -> Hits:
    """Take the first `limit` distinct passages to be shown of hits (n,), from the best score down."""
    kept = shown.mask(keys)
    keys, scores = keys[kept], scores[kept]
    order = np.argsort(-scores, kind="stable")
    keys, scores = keys[order], scores[order]
    _, first = np.unique(keys, return_index=True)
    first = np.sort(first)[:limit]
    return Hits(keys[first], scores[first])
