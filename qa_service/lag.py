"""How far what is served lies behind what was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from qa_service.index.snapshot import Published
from qa_service.store.collections import Collection


class Lag:
    """Since when each collection has writes that its open snapshot does not show. Noted by one thread, read by any.

    Parameters:
        clock: gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._behind: dict[int, tuple[str, float]] = {}

    def note(self, collections: Iterable[Collection], served: Mapping[int, Published]) -> None:
        """Compare what was written with what is served."""
        behind: dict[int, tuple[str, float]] = {}
        for one in collections:
            manifest = served.get(one.row)
            # One that nobody asked and that holds nothing has nothing to show.
            seq = manifest.seq if manifest else (one.seq if not one.passages else -1)
            if seq < one.seq:
                behind[one.row] = self._behind.get(one.row, (one.name, self._clock()))
        self._behind = behind

    def seconds(self) -> dict[str, float]:
        """Tell for how long each collection that is behind has been so, by its name."""
        now = self._clock()
        return {name: now - since for name, since in list(self._behind.values())}
