"""The two files of an inverted index of RaBitQ codes: what was trained, and the lists that are mapped into memory.

`NAME.ivf` holds a header, the rotation (dim, dim), the centroids (lists, dim), both float32 and the centroids rotated,
and the length of every list as int64. `NAME.lists` holds for each list its codes, one after another, and then their
ids as int64, which is how FAISS maps lists on disk.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import DamagedIndex
from embeddings.index import Ids

MAGIC = b"IVFRBQ1\0"
FACTOR_BYTES = 8
"""What follows the bits of a code: two float32 that scale what the bits say."""
_ID_BYTES = 8
_HEADER = struct.Struct("<8sIIQ")
_GATHERED = 1 << 20

Codes = NDArray[np.uint8]
"""Codes (n, code_bytes(dim)): one bit a dimension and what FAISS needs to scale them."""


def code_bytes(dim: int) -> int:
    """Give the length of a code."""
    return (dim + 7) // 8 + FACTOR_BYTES


@dataclass(frozen=True, slots=True)
class Coarse:
    """What an index was trained to be: a rotation (dim, dim) and the rotated centroids (lists, dim)."""

    rotation: Vectors
    centroids: Vectors

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return int(self.rotation.shape[0])

    @property
    def lists(self) -> int:
        """Count the lists."""
        return len(self.centroids)

    def rotated(self, vectors: Vectors) -> Vectors:
        """Rotate vectors (n, dim)."""
        return np.ascontiguousarray(vectors @ self.rotation.T)


@dataclass(frozen=True, slots=True)
class IvfPaths:
    """Where an index lies: `folder/name.ivf` and `folder/name.lists`."""

    folder: Path
    name: str

    @property
    def trained(self) -> Path:
        """The file of what was trained, and of the lengths."""
        return self.folder / f"{self.name}.ivf"

    @property
    def lists(self) -> Path:
        """The file of the lists."""
        return self.folder / f"{self.name}.lists"


def write_trained(paths: IvfPaths, coarse: Coarse, sizes: NDArray[np.int64]) -> None:
    """Write what was trained, and the lengths of the lists (lists,), durably."""
    with paths.trained.open("wb") as file:
        file.write(_HEADER.pack(MAGIC, coarse.dim, coarse.lists, int(sizes.sum())))
        for array, kind in ((coarse.rotation, "<f4"), (coarse.centroids, "<f4"), (sizes, "<i8")):
            file.write(np.ascontiguousarray(array, dtype=kind).tobytes())
        _sync(file)


def write_lists(paths: IvfPaths, lists: Iterable[tuple[Codes, Ids]]) -> NDArray[np.int64]:
    """Write lists one after another, durably; return their lengths (lists,)."""
    sizes = []
    with paths.lists.open("wb", buffering=_GATHERED) as file:
        for codes, ids in lists:
            file.write(codes.tobytes())
            file.write(ids.astype("<i8", copy=False).tobytes())
            sizes.append(len(ids))
        _sync(file)
    return np.array(sizes, dtype=np.int64)


def read_trained(paths: IvfPaths) -> tuple[Coarse, NDArray[np.int64]]:
    """Read what was trained, and the lengths of the lists (lists,).

    Errors:
        DamagedIndex: a file is absent, of another kind, or its length is not what the header says.
    """
    path = paths.trained
    try:
        data = path.read_bytes()
        magic, dim, lists, total = _HEADER.unpack_from(data)
        held = paths.lists.stat().st_size
    except (OSError, struct.error) as error:
        raise DamagedIndex(f"{path} cannot be read as a vector index: {error}") from error
    if magic != MAGIC:
        raise DamagedIndex(f"{path} is another kind of index")
    if len(data) != _HEADER.size + 4 * dim * (dim + lists) + 8 * lists:
        raise DamagedIndex(f"{path} has another length than its header says")
    rotation = np.frombuffer(data, "<f4", dim * dim, _HEADER.size).reshape(dim, dim)
    centroids = np.frombuffer(data, "<f4", lists * dim, _HEADER.size + rotation.nbytes).reshape(lists, dim)
    sizes = np.frombuffer(data, "<i8", lists, _HEADER.size + rotation.nbytes + centroids.nbytes)
    if (lists and sizes.min() < 0) or sizes.sum() != total or held != total * (code_bytes(dim) + _ID_BYTES):
        raise DamagedIndex(f"{paths.lists} has another length than {path} says")
    return Coarse(rotation, centroids), sizes


class IvfLists:
    """The lists of an index as they lie on disk, for copying them; mapped, so that only what is read takes memory."""

    def __init__(self, paths: IvfPaths) -> None:
        self.coarse, self.sizes = read_trained(paths)
        self._width = code_bytes(self.coarse.dim)
        total = int(self.sizes.sum())
        self._data: NDArray[np.uint8] = (
            np.memmap(paths.lists, dtype=np.uint8, mode="r").view(np.ndarray) if total else np.empty(0, np.uint8)
        )
        self._starts = (np.cumsum(self.sizes) - self.sizes) * (self._width + _ID_BYTES)

    def get(self, number: int) -> tuple[Codes, Ids]:
        """Give the codes and the ids of a list, as views."""
        start, size = int(self._starts[number]), int(self.sizes[number])
        middle = start + size * self._width
        codes = self._data[start:middle].reshape(size, self._width)
        ids = np.frombuffer(self._data[middle : middle + size * _ID_BYTES].tobytes(), dtype="<i8")
        return codes, ids


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
