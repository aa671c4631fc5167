"""Building inverted indexes of RaBitQ codes: training, coding, sorting into lists, and carrying lists over.

RaBitQ: Gao and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate
Nearest Neighbor Search" (2024): the signs of a randomly rotated residual, and two numbers that make of them an unbiased
estimate of the inner product.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.faiss_index import load_faiss
from embeddings.index import Ids
from embeddings.ivf_file import Coarse, Codes, IvfLists, IvfPaths, code_bytes, write_lists, write_trained

Stored = Callable[[Ids], Vectors]
"""Gives the vectors (n, dim) of ids (n,), as they are stored."""

MOST_LISTS = 8192
SAMPLE_PER_LIST = 32
MOST_SAMPLED = 262_144
"""Vectors that the centroids are the means of: 400 MB of 384 floats."""
_ROUNDS = 6
_BATCH = 20_000
_FLAT_LISTS = 1024
"""Up to so many centroids a vector is compared with all; of more, with those of the nearest groups of centroids. Of
8,192, three in a hundred vectors go to another than the nearest list then, in half the time."""
_GROUPS_LOOKED_AT = 8
_SEED = 20_240_521


def lists_for(count: int) -> int:
    """Choose a number of lists for so many vectors: about four times the square root, a power of two."""
    wanted = 2 ** round(math.log2(max(4 * math.sqrt(count), 1)))
    return int(max(1, min(wanted, MOST_LISTS, 2 ** int(math.log2(max(count // 16, 1))))))


def train(stored: Stored, count: int, dim: int, lists: int) -> Coarse:
    """Find centroids of a sample of the vectors 0..count-1."""
    faiss = load_faiss()
    rng = np.random.default_rng(_SEED)
    size = min(count, max(SAMPLE_PER_LIST * lists, 1), MOST_SAMPLED)
    # In the order of their ids, which is about the order in which they lie on disk.
    chosen = np.sort(rng.choice(count, size, replace=False)).astype(np.int64)
    sample = np.concatenate([stored(part) for part in np.array_split(chosen, -(-size // _BATCH))])
    clustering = faiss.Clustering(dim, lists)
    clustering.niter, clustering.spherical, clustering.seed = _ROUNDS, True, _SEED
    clustering.min_points_per_centroid, clustering.max_points_per_centroid = 1, MOST_SAMPLED
    clustering.train(sample, _assigner(faiss, dim, lists, sample))
    centroids: Vectors = faiss.vector_to_array(clustering.centroids).reshape(lists, dim)
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0].astype(np.float32)
    return Coarse(rotation, np.ascontiguousarray(centroids @ rotation.T))


class Coder:
    """Puts vectors into lists and codes them. One thread at a time."""

    def __init__(self, coarse: Coarse) -> None:
        self.coarse = coarse
        faiss = load_faiss()
        self._faiss = faiss
        self._assigner = _assigner(faiss, coarse.dim, coarse.lists, coarse.centroids)
        self._assigner.add(coarse.centroids)
        self._flat: Any = faiss.IndexFlatIP(coarse.dim)
        self._flat.add(coarse.centroids)
        self._index: Any = faiss.IndexIVFRaBitQ(self._flat, coarse.dim, coarse.lists, faiss.METRIC_INNER_PRODUCT, False)
        self._index.is_trained = True

    def code(self, vectors: Vectors) -> tuple[Ids, Codes]:
        """Give the list of each vector (n,) and its code."""
        rotated = self.coarse.rotated(vectors)
        numbers = np.ascontiguousarray(self._assigner.search(rotated, 1)[1][:, 0])
        codes = np.empty((len(rotated), code_bytes(self.coarse.dim)), dtype=np.uint8)
        pointer = self._faiss.swig_ptr
        self._index.encode_vectors(len(rotated), pointer(rotated), pointer(numbers), pointer(codes))
        return numbers, codes


def build(paths: IvfPaths, stored: Stored, count: int, coarse: Coarse) -> None:
    """Write an index of the vectors 0..count-1, durably. They are read in batches, codes are sorted on disk."""
    coder = Coder(coarse)
    numbers = np.empty(count, dtype=np.int32)
    with tempfile.TemporaryDirectory(dir=paths.folder, prefix=".codes-") as scratch:
        codes = np.memmap(
            Path(scratch) / "codes", dtype=np.uint8, mode="w+", shape=(max(count, 1), code_bytes(coarse.dim))
        )
        for start in range(0, count, _BATCH):
            ids = np.arange(start, min(start + _BATCH, count), dtype=np.int64)
            numbers[ids], codes[ids] = coder.code(stored(ids))
        sizes = write_lists(paths, _sorted_lists(numbers, codes.view(np.ndarray), coarse.lists))
        del codes
    write_trained(paths, coarse, sizes)


def extend(paths: IvfPaths, old: IvfPaths, renumbered: Ids, stored: Stored, added: Ids) -> None:
    """Write an index with the lists of an old one, without what is gone, and with what was added, durably.

    Args:
        paths: the new index.
        old: the old one.
        renumbered: the new ids of the old vectors (n,), -1 for those that are gone.
        stored: gives vectors by new id.
        added: the ids of the new vectors.
    """
    lists = IvfLists(old)
    coder = Coder(lists.coarse)
    numbers = np.empty(len(added), dtype=np.int32)
    codes = np.empty((len(added), code_bytes(lists.coarse.dim)), dtype=np.uint8)
    for start in range(0, len(added), _BATCH):
        part = slice(start, start + _BATCH)
        numbers[part], codes[part] = coder.code(stored(added[part]))
    fresh = _sorted_lists(numbers, codes, lists.coarse.lists)

    def joined() -> Iterator[tuple[Codes, Ids]]:
        for number, (new_codes, places) in enumerate(fresh):
            old_codes, ids = lists.get(number)
            ids = renumbered[ids]
            kept = ids >= 0
            if not kept.all():
                old_codes, ids = old_codes[kept], ids[kept]
            yield np.concatenate([old_codes, new_codes]), np.concatenate([ids, added[places]])

    write_trained(paths, lists.coarse, write_lists(paths, joined()))


def _sorted_lists(numbers: NDArray[np.int32], codes: Codes, lists: int) -> Iterator[tuple[Codes, Ids]]:
    """Give for each list its codes and their places."""
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers, np.arange(lists), side="right", sorter=order)
    start = 0
    for end in ends.tolist():
        places = order[start:end]
        yield codes[places], places.astype(np.int64, copy=False)
        start = end


def _assigner(faiss: Any, dim: int, lists: int, sample: Vectors) -> Any:
    """Make an index of centroids that finds the nearest of a vector, quickly rather than always."""
    flat = faiss.IndexFlatIP(dim)
    if lists <= _FLAT_LISTS:
        return flat
    groups = int(math.sqrt(lists))
    index = faiss.IndexIVFFlat(flat, dim, groups, faiss.METRIC_INNER_PRODUCT)
    index.own_fields = True
    flat.this.disown()
    index.nprobe = _GROUPS_LOOKED_AT
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, 2 * SAMPLE_PER_LIST
    index.train(sample)
    return index
