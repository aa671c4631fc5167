"""Where the passages of a base lie: by row, in key order, the vectors of each in the segments. Mapped from disk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

Keys = NDArray[np.int64]
Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]

_KINDS = {"keys": "<i8", "segments": "<i4", "slots": "<i8", "starts": "<i8"}
_BATCH = 4000
_REMEDY = "run `qa-service rebuild`"


@dataclass(frozen=True, slots=True)
class Places:
    """The n passages of a base.

    Attributes:
        keys: in increasing order (n,).
        segments, slots: where the window's vector lies (n,); those of its sentences follow it.
        starts: the number of the first sentence of each passage among all sentences, and their count (n + 1,).
    """

    keys: Keys
    segments: NDArray[np.int32]
    slots: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def sentences(self) -> int:
        """Count the sentences of all passages."""
        return int(self.starts[-1])

    def windows(self, segments: Segments, rows: Rows) -> Vectors:
        """Read the window vectors of passages by row."""
        return segments.take(self.segments[rows], self.slots[rows])

    def sentence_vectors(self, segments: Segments, numbers: Rows) -> Vectors:
        """Read the vectors of sentences by number."""
        rows = self.owners(numbers)
        return segments.take(self.segments[rows], self.slots[rows] + 1 + numbers - self.starts[rows])

    def owners(self, numbers: Rows) -> Rows:
        """Give the rows of the passages that sentences belong to."""
        found: Rows = np.searchsorted(self.starts, numbers, side="right") - 1
        return found

    def rows_of(self, keys: Keys) -> Rows:
        """Give the rows of those of some keys that are here."""
        if not len(self.keys):
            return np.empty(0, dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Rows = rows[self.keys[rows] == keys]
        return found

    def sentences_of(self, rows: Rows) -> Rows:
        """Give the numbers of all sentences of passages."""
        firsts = self.starts[rows]
        counts = self.starts[rows + 1] - firsts
        ends = np.cumsum(counts)
        return np.repeat(firsts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)

    def save(self, directory: Path) -> None:
        """Write them as `places-*.npy`."""
        for name, kind in _KINDS.items():
            np.save(directory / f"places-{name}.npy", getattr(self, name).astype(kind, copy=False))

    @staticmethod
    def load(directory: Path) -> Places:
        """Map what `save` wrote.

        Errors:
            Damaged: a file is missing, cannot be read or has a length that does not fit the others.
        """
        try:
            found = {name: _mapped(directory / f"places-{name}.npy", kind) for name, kind in _KINDS.items()}
        except Exception as error:  # damaged bytes make numpy's reader fail in many ways
            reason = " ".join(str(error).split())[:200]
            raise Damaged(f"the places cannot be read: {reason}", field=str(directory), remedy=_REMEDY) from error
        count = len(found["keys"])
        if [len(array) for array in found.values()] != [count, count, count, count + 1]:
            raise Damaged("the places do not fit each other", field=str(directory), remedy=_REMEDY)
        starts = found["starts"]
        if starts[0] != 0 or starts[-1] < 0:
            raise Damaged("the places do not fit each other", field=str(directory), remedy=_REMEDY)
        return Places(found["keys"], found["segments"], found["slots"], found["starts"])

    @staticmethod
    def none() -> Places:
        """Give the places of no passages."""
        return PlacesCollector().places()

    def without(self, rows: Rows) -> Places:
        """Leave out passages by row."""
        kept = np.ones(len(self), dtype=bool)
        kept[rows] = False
        starts = np.concatenate([[0], np.cumsum(np.diff(self.starts)[kept])])
        return Places(self.keys[kept], self.segments[kept], self.slots[kept], starts)

    def followed_by(self, other: Places) -> Places:
        """Add passages whose keys are all higher."""
        return Places(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.segments, other.segments]),
            np.concatenate([self.slots, other.slots]),
            np.concatenate([self.starts, self.starts[-1] + other.starts[1:]]),
        )


class PlacesCollector:
    """Takes the places of passages given in key order, a few thousand rows at a time."""

    def __init__(self) -> None:
        self._tables: list[NDArray[np.int64]] = []

    def over(self, entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
        """Hand passages on, taking their places."""
        iterator = iter(entries)
        while batch := list(itertools.islice(iterator, _BATCH)):
            blocks = [entry.block for entry in batch]
            columns = (
                [entry.key for entry in batch],
                [block.segment for block in blocks],
                [block.slot for block in blocks],
                [block.vectors for block in blocks],
            )
            self._tables.append(np.array(columns, dtype=np.int64))
            yield from batch

    def places(self) -> Places:
        """Give the places of what was handed on."""
        keys, segments, slots, counts = np.concatenate([np.empty((4, 0), dtype=np.int64), *self._tables], axis=1)
        return Places(keys, segments.astype(np.int32), slots, np.concatenate([[0], np.cumsum(counts - 1)]))


def _mapped(path: Path, kind: str) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.ndim != 1 or array.dtype != np.dtype(kind):
        raise ValueError(f"{path.name} is of another kind")
    # A plain view: slicing np.memmap objects costs several microseconds each.
    return array.view(np.ndarray)
