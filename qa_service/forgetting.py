"""Letting go of what is remembered of passages that were deleted or replaced.

What questions read of passages is remembered within bounds, of which the passages that live may need little. Where
articles change all day, the dead would fill the rest: hundreds of megabytes that nobody asks for any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Protocol

import numpy as np

from qa_service.index.snapshot import Snapshot

REST_S = 10.0
"""Between two looks: each takes some ms, and questions that were begun before a write may remember the dead anew."""


class Memory(Protocol):
    """What is remembered of passages."""

    def passage_keys(self) -> set[int]:
        """Give the keys of the passages of which there is something."""

    def forget(self, dead: Set[int]) -> None:
        """Let go of what there is of passages."""


class Forgetting:
    """Compares memories with the open snapshots; for one thread.

    Parameters:
        open_snapshots: gives the open snapshots by collection.
        memories: what may be of passages of any collection.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        open_snapshots: Callable[[], Mapping[int, Snapshot]],
        memories: Sequence[Memory],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_snapshots = open_snapshots
        self._memories = memories
        self._clock = clock
        self._looked = clock()
        self._clean: dict[int, int] | None = None

    def look(self) -> int:
        """Forget the passages that no open snapshot shows, unless that was done lately; return how many they were."""
        now = self._clock()
        if now < self._looked + REST_S:
            return 0
        # What is remembered comes first: none of it can be newer than the snapshots then.
        state = {row: snapshot.seq for row, snapshot in self._open_snapshots().items()}
        if state == self._clean:
            return 0
        self._looked = now
        keys = np.array(sorted(set().union(*(one.passage_keys() for one in self._memories))), dtype=np.int64)
        shown = np.zeros(len(keys), dtype=bool)
        for snapshot in self._open_snapshots().values():
            shown |= snapshot.shows(keys)
        dead = frozenset(keys[~shown].tolist())
        for memory in self._memories if dead else ():
            memory.forget(dead)
        # Questions under way may remember some of them again, so that there is another look after one that found any.
        self._clean = None if dead else state
        return len(dead)
