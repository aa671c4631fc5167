"""Vectors and filled indexes for the tests of vector indexes."""

from __future__ import annotations

import numpy as np

DIM = 24


def unit(rows):
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def random_vectors(count, seed=0, dim=DIM):
    return unit(np.random.default_rng(seed).standard_normal((count, dim)))


def filled(kind, count=200, seed=0):
    index = kind(DIM)
    vectors = random_vectors(count, seed)
    # Neither consecutive nor in order, so that positions cannot pass for ids.
    ids = np.random.default_rng(seed + 1).permutation(count) * 7 + 3
    index.add(ids, vectors)
    return index, ids, vectors
