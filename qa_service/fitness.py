"""Whether the data directory is fit for service: it can be read, written and has room, and no index file is harmed."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from qa_service.index.indexes import Indexes
from qa_service.store import collections
from qa_service.store.catalog import Catalog
from qa_service.types import Readiness

FRESH_S = 5.0
"""How long what was found is told again: whoever asks often keeps no disk busy."""
_PROBE = b"\0" * 4096

NAMED = 3
"""Collections that a warning names, of more than have the same problem."""


class Fitness:
    """Looks at a data directory. Safe for threads.

    Parameters:
        least_free: bytes that should be free on its disk.
        clock: gives the time in seconds.
    """

    def __init__(
        self, catalog: Catalog, generations: Indexes, least_free: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalog = catalog
        self._generations = generations
        self._least_free = least_free
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._unreadable: str | None = None
        self._found: dict[str, list[str]] = {}

    def readiness(self, more: Mapping[str, Sequence[str]]) -> Readiness:
        """Tell whether questions can be answered, and what is wrong though they can.

        Parameters:
            more: what others found, by the name of what they look after; nothing where all is well.
        """
        with self._lock:
            if self._clock() - self._looked_at >= FRESH_S:
                self._look()
                self._looked_at = self._clock()
            found = {**self._found, **more}
            unreadable = self._unreadable
        checks = {"catalogue": unreadable is None, **{name: not problems for name, problems in found.items()}}
        warnings = tuple(problem for problems in found.values() for problem in problems)
        if unreadable is not None:
            return Readiness(False, unreadable, warnings, checks)
        return Readiness(True, "ready", warnings, checks)

    def _look(self) -> None:
        self._found = {"directory": list(self._directory()), "disk": list(self._disk()), "index": []}
        try:
            with self._catalog.read() as connection:
                every = collections.every(connection)
            self._unreadable = None
        except Exception as error:
            # Whatever it is, no question is answered without the catalogue.
            self._unreadable = f"the catalogue cannot be read: {error}"
            return
        problems: dict[str, list[str]] = {}
        for one in every:
            for problem in self._generations.unfit(one):
                problems.setdefault(problem, []).append(one.name)
        self._found["index"] = [f"{_listed(names)}: {problem}" for problem, names in problems.items()]

    def _directory(self) -> Iterator[str]:
        """Write something: a disk that is full or has become read-only shows in nothing else."""
        try:
            with tempfile.TemporaryFile(dir=self._catalog.data_dir) as file:
                file.write(_PROBE)
        except OSError as error:
            yield f"the data directory cannot be written: {error.strerror or error}; articles are refused"

    def _disk(self) -> Iterator[str]:
        try:
            free = shutil.disk_usage(self._catalog.data_dir).free
        except OSError as error:
            yield f"the room on the disk cannot be told: {error.strerror or error}"
            return
        if free < self._least_free:
            yield f"the disk of the data directory has {free >> 20} MB left, less than {self._least_free >> 20}"


def _listed(names: Sequence[str]) -> str:
    """Name collections that have one problem, the first of them where they are many."""
    if len(names) == 1:
        return f"collection {names[0]}"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"collections {', '.join(names[:NAMED])}{more}"
