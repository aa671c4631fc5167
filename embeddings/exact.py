"""Brute force in numpy: the reference for other indexes, and quick enough for small ones that grow."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from embeddings.durable import replacing
from embeddings.encoder import Vectors
from embeddings.errors import BadVectors, DamagedIndex
from embeddings.index import Ids, checked_ids, checked_k, checked_vectors, no_hits

_KIND = "exact-1"
_FIRST_CAPACITY = 64
_ROUNDING = 1e-4
"""Far above the error of a float32 inner product of unit vectors, in whatever order it is summed."""


class _Contents(NamedTuple):
    ids: Ids
    vectors: Vectors
    size: int


class ExactIndex:
    """Compare a query with every vector.

    Adding costs amortised constant time per vector. Threads may search while one adds: each search sees the index
    as it was at some moment.

    Args:
        dim: the length of the vectors.
    """

    def __init__(self, dim: int) -> None:
        if dim < 1:
            raise BadVectors(f"dim is {dim}, less than 1")
        self._contents = _Contents(np.empty(0, np.int64), np.empty((0, dim), np.float32), 0)
        self._known: set[int] = set()
        self._adding = threading.Lock()

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return int(self._contents.vectors.shape[1])

    def __len__(self) -> int:
        """Count the vectors."""
        return self._contents.size

    def ids(self) -> Ids:
        """Return a copy of all ids, in the order they were added."""
        ids, _, count = self._contents
        return ids[:count].copy()

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors under new ids; see VectorIndex."""
        new_vectors = checked_vectors(vectors, self.dim, unit=True)
        new_ids = checked_ids(ids, len(new_vectors))
        with self._adding:
            fresh = set(new_ids.tolist())
            if taken := fresh & self._known:
                raise BadVectors(f"id {min(taken)} is in the index already")
            old_ids, old_vectors, count = self._contents
            total = count + len(new_ids)
            if total > len(old_ids):
                old_ids, old_vectors = self._grown(total)
            # Rows past `count` are invisible to searches until the contents are replaced below.
            old_ids[count:total] = new_ids
            old_vectors[count:total] = new_vectors
            self._known |= fresh
            self._contents = _Contents(old_ids, old_vectors, total)

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """Return the k best vectors for each query; see VectorIndex."""
        queries = checked_vectors(queries, self.dim, unit=False)
        scores, found = no_hits(len(queries), checked_k(k))
        ids, vectors, count = self._contents
        rows = np.arange(count)
        if allowed is not None:
            rows = rows[np.isin(ids[:count], allowed)]
            vectors = vectors[rows]
        if not len(rows) or not len(queries):
            return scores, found
        products = queries @ vectors[: len(rows)].T
        for place, query in enumerate(queries):
            best = _candidates(products[place], k)
            # One summation order for all rows, so that equal vectors have equal scores.
            exact = np.einsum("ij,j->i", vectors[best], query)
            best_ids = ids[rows[best]]
            order = np.lexsort((best_ids, -exact))[:k]
            scores[place, : len(order)] = exact[order]
            found[place, : len(order)] = best_ids[order]
        return scores, found

    def save(self, path: Path) -> None:
        """Write the index to a file; see VectorIndex."""
        ids, vectors, count = self._contents
        with replacing(path) as file:
            np.savez(file, kind=np.array(_KIND), ids=ids[:count], vectors=vectors[:count])

    @classmethod
    def load(cls, path: Path, *, dim: int | None = None) -> Self:
        """Read an index that `save` wrote; see VectorIndex. Every byte is checked."""
        try:
            with np.load(path, allow_pickle=False) as data:
                if str(data["kind"]) != _KIND:
                    raise DamagedIndex(f"{path} is not an exact vector index of this version")
                ids, vectors = data["ids"], data["vectors"]
            if vectors.ndim != 2 or dim not in (None, vectors.shape[1]):
                raise DamagedIndex(f"{path} has vectors of shape {vectors.shape}, not (n, {dim})")
            index = cls(vectors.shape[1])
            index.add(ids, vectors)
        except DamagedIndex:
            raise
        except Exception as error:  # damaged bytes make the readers below fail in a dozen ways
            raise DamagedIndex(f"{path} cannot be read as a vector index: {error}") from error
        return index

    def _grown(self, needed: int) -> tuple[Ids, Vectors]:
        ids, vectors, count = self._contents
        capacity = max(needed, 2 * len(ids), _FIRST_CAPACITY)
        # New arrays, as searches may still be reading the old ones.
        larger = np.empty(capacity, np.int64), np.empty((capacity, self.dim), np.float32)
        larger[0][:count] = ids[:count]
        larger[1][:count] = vectors[:count]
        return larger


def _candidates(products: Vectors, k: int) -> Ids:
    """Return the rows that may be among the k best once scores are computed anew, ties at the end included."""
    if k >= len(products):
        return np.arange(len(products))
    kth = np.partition(products, len(products) - k)[len(products) - k]
    return np.flatnonzero(products >= kth - _ROUNDING)
