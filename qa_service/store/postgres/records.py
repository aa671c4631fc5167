"""Vectors that were read of late, so that a question fetches few."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


@dataclass(slots=True)
class _Half:
    """Rows that are written once each, and where the record of which slot is."""

    rows: Vectors
    used: int = 0
    row_of: dict[int, int] = field(default_factory=dict)
    whole: dict[int, int] = field(default_factory=dict)


class RecentRecords:
    """Records of one segment by slot, of which those that were not put in for long are forgotten. Safe for threads.

    Two halves stand in for an exact order: when the younger one is full, the older one is forgotten and the younger
    takes its place.

    Parameters:
        most: records kept at most.
        dim: floats of each.
    """

    def __init__(self, most: int, dim: int) -> None:
        self._half = max(1, most // 2)
        self._dim = dim
        self._lock = threading.Lock()
        self._young, self._old = self._new(), self._new()

    def sound(self, slots: Sequence[int], crcs: Sequence[int]) -> list[int]:
        """Tell of which blocks, by their places in the lists, all records are here and match these checksums."""
        young, old = self._young.whole, self._old.whole
        return [
            place
            for place, (slot, crc) in enumerate(zip(slots, crcs, strict=True))
            if young.get(slot) == crc or old.get(slot) == crc
        ]

    def get(self, slots: Sequence[int]) -> tuple[Vectors, NDArray[np.int64]]:
        """Give records (n, dim) and the places in `slots` of those that are not here, whose rows mean nothing."""
        found = np.empty((len(slots), self._dim), dtype=np.float32)
        with self._lock:
            young, old = self._young, self._old
            rows = np.fromiter(map(young.row_of.get, slots, repeat(-1)), dtype=np.int64, count=len(slots))
            missing = np.flatnonzero(rows < 0)
            if not len(missing):
                return young.rows.take(rows, axis=0), missing
            np.take(young.rows, np.maximum(rows, 0), axis=0, out=found)
            older = np.array([old.row_of.get(slots[place], -1) for place in missing.tolist()], dtype=np.int64)
            there = older >= 0
            found[missing[there]] = old.rows[older[there]]
        return found, missing[~there]

    def put(self, slots: NDArray[np.int64], vectors: Vectors, blocks: Iterable[tuple[int, int]] = ()) -> None:
        """Remember records (n, dim) by slot, and of which blocks they are all, as (first slot, checksum)."""
        if len(slots) > self._half:
            return
        with self._lock:
            if self._young.used + len(slots) > self._half:
                self._old, self._young = self._young, self._new()
            young = self._young
            start, young.used = young.used, young.used + len(slots)
            young.rows[start : young.used] = vectors
            young.row_of.update(zip(slots.tolist(), range(start, young.used), strict=True))
            young.whole.update(blocks)

    def _new(self) -> _Half:
        # The system gives the memory of it as it is filled.
        return _Half(np.empty((self._half, self._dim), dtype=np.float32))
