"""Vectors of texts encoded lately, so that sentences that many articles have are encoded once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

MAX_BYTES = 32 * 1024 * 1024
"""Some 15,000 sentences with vectors of 384 dimensions."""
_OVERHEAD_BYTES = 300
"""What Python keeps of an entry beside its text and its numbers."""


class RecentVectors:
    """Vectors by text, those looked up or added last. Safe for threads.

    Parameters:
        max_bytes: about how much memory they may take; 0 keeps none.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Vector] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, texts: Iterable[str]) -> dict[str, Vector]:
        """Give the vectors (dim,), read-only, of those of the texts that are known."""
        found: dict[str, Vector] = {}
        with self._lock:
            for text in texts:
                vector = self._kept.get(text)
                if vector is not None:
                    self._kept.move_to_end(text)
                    found[text] = vector
        return found

    def add(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors (dim,) and let go of those that were of use longest ago."""
        with self._lock:
            for text, vector in vectors.items():
                if text in self._kept:
                    continue
                # A copy: a row of an array keeps all of it in memory.
                own = np.array(vector, dtype=np.float32)
                own.flags.writeable = False
                self._kept[text] = own
                self._bytes += _size(text, own)
            while self._bytes > self._max_bytes:
                self._bytes -= _size(*self._kept.popitem(last=False))


def _size(text: str, vector: Vector) -> int:
    return 2 * len(text) + vector.nbytes + _OVERHEAD_BYTES
