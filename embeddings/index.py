"""The interface of every vector index: integer ids and unit vectors, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from embeddings.encoder import Vectors
from embeddings.errors import BadVectors

Ids = NDArray[np.int64]

MISSING_ID = -1
"""Fills a row of results that has fewer than k hits; its score is minus infinity."""

_NORM_TOLERANCE = 0.01


@runtime_checkable
class VectorIndex(Protocol):
    """Finds the vectors with the largest inner product, exactly: for unit vectors, the largest cosine.

    Any number of threads may search at once. One thread may add meanwhile if the class says so.
    """

    @property
    def dim(self) -> int:
        """The length of the vectors."""

    def __len__(self) -> int:
        """Count the vectors."""

    def ids(self) -> Ids:
        """Return a copy of all ids, of shape (len(self),), in the order they were added."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors under new ids.

        Args:
            ids: shape (n,), not negative, not in the index yet, each once.
            vectors: shape (n, dim), finite, of unit length.

        Errors:
            BadVectors: any of that is not so; nothing is added.
        """

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """Return the k best vectors for each query, best first, equal scores by ascending id.

        Args:
            queries: shape (q, dim), finite.
            k: how many, at least 1.
            allowed: search among these ids only; unknown ones do no harm. None allows all.

        Returns:
            scores, float32 of shape (q, k), and ids, int64 of shape (q, k); places without a hit hold minus infinity
            and -1.

        Errors:
            BadVectors: `queries` has a wrong shape or values, or k is less than 1.
        """

    def save(self, path: Path) -> None:
        """Write the index to a file, which appears whole or not at all; OSError if it cannot be written."""

    @classmethod
    def load(cls, path: Path, *, dim: int | None = None) -> Self:
        """Read an index that `save` wrote.

        Args:
            path: the file.
            dim: the dimension it should have, if the caller knows.

        Errors:
            DamagedIndex: the file is absent, cannot be read, or is of another kind or dimension.
        """


def checked_vectors(vectors: ArrayLike, dim: int, *, unit: bool) -> Vectors:
    """Return `vectors` as contiguous float32 of shape (n, dim).

    Errors:
        BadVectors: the shape is another, a value is not finite, or a row is not of unit length where `unit` asks.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != dim:
        raise BadVectors(f"vectors have shape {array.shape}, not (n, {dim})")
    squares = np.einsum("ij,ij->i", array, array)
    if not np.isfinite(squares).all():
        raise BadVectors("vectors have values that are not finite numbers")
    if unit and (np.abs(np.sqrt(squares) - 1) > _NORM_TOLERANCE).any():
        raise BadVectors("vectors are not of unit length")
    return array


def checked_ids(ids: ArrayLike, count: int) -> Ids:
    """Return `ids` as int64 of shape (count,).

    Errors:
        BadVectors: there are more or fewer, one is not an integer or is negative, or one comes twice.
    """
    array = np.asarray(ids)
    if array.shape != (count,):
        raise BadVectors(f"ids have shape {array.shape}, not ({count},)")
    if count and array.dtype.kind not in "iu":
        raise BadVectors("ids are not integers")
    array = array.astype(np.int64)
    if count and array.min() < 0:
        raise BadVectors("ids must not be negative")
    if len(np.unique(array)) != count:
        raise BadVectors("ids must be different from each other")
    return array


def checked_k(k: int) -> int:
    """Return `k`; BadVectors if it is less than 1."""
    if k < 1:
        raise BadVectors(f"k is {k}, less than 1")
    return k


def no_hits(queries: int, k: int) -> tuple[Vectors, Ids]:
    """Return scores and ids of shape (queries, k) in which every place is empty."""
    return np.full((queries, k), -np.inf, dtype=np.float32), np.full((queries, k), MISSING_ID, dtype=np.int64)
