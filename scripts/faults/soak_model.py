"""A plain model of articles that change: which version of each may be seen between two moments."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field

_KEPT = 12
"""Changes remembered of an article: more than can happen while a question is answered."""


@dataclass
class Change:
    """A change: from `begin` it may have happened, from `end` on it has. `version` None deletes."""

    number: int
    version: int | None
    begin: float
    end: float = math.inf


@dataclass
class Model:
    """Articles by number. Nobody begins a change of an article before the last one has ended."""

    articles: int
    _changes: dict[int, list[Change]] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)

    def begin(self, number: int, *, deletes: bool = False) -> Change:
        """Begin a change; the caller sets its `end`."""
        version = None if deletes else self._last.get(number, 0) + 1
        if version is not None:
            self._last[number] = version
        change = Change(number, version, time.monotonic())
        self._changes[number] = [*self._changes.get(number, ())[-_KEPT:], change]
        return change

    def is_there(self, number: int) -> bool:
        """Tell whether an article is there once all changes are done."""
        changes = self._changes.get(number)
        return bool(changes) and changes[-1].version is not None

    def versions(self, number: int, asked: float, came: float) -> set[int | None]:
        """Give the versions that may be seen by who asks at one moment and is answered at another; None: nothing."""
        changes = self._changes.get(number, [])
        before = [change for change in changes if change.end <= asked]
        during = {change.version for change in changes if change.begin <= came and change.end > asked}
        return {before[-1].version if before else None} | during

    def some_version(self, number: int, chance: random.Random) -> int:
        """Choose a version to ask for: most often the last, at times one before."""
        last = self._last.get(number, 1)
        return last if chance.random() < 0.9 else chance.randrange(1, last + 1)
