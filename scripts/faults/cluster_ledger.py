"""What clients of a service were told: which texts of each article may be there, and which a question may show."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

_KEPT = 200
"""Changes kept from before the last acknowledged one: a question that was sent before them may be under way."""


@dataclass(slots=True)
class Submitted:
    """A change that was sent: from `begin` it may have happened, from `end` on it has. `version` None deletes."""

    number: int
    version: int | None
    begin: float
    end: float = math.inf
    told: bool = False


@dataclass(slots=True)
class Ledger:
    """Changes by article. One client changes an article, one change after another.

    A change that was refused, or whose answer was lost, may have happened, or happen later on, until a later change of
    the same article is acknowledged: that replaces it in any case.
    """

    _changes: dict[int, list[Submitted]] = field(default_factory=dict)
    _versions: dict[int, int] = field(default_factory=dict)

    def submit(self, number: int, *, deletes: bool = False) -> Submitted:
        """Note that a change is sent now."""
        version = None
        if not deletes:
            version = self._versions[number] = self._versions.get(number, 0) + 1
        change = Submitted(number, version, time.monotonic())
        self._changes.setdefault(number, []).append(change)
        return change

    def acknowledge(self, change: Submitted, came: float) -> None:
        """Note that a change was acknowledged; all before it are over."""
        changes = self._changes[change.number]
        place = changes.index(change)
        for one in changes[: place + 1]:
            one.end = min(one.end, came)
        change.told = True
        del changes[: max(0, place - _KEPT)]

    def numbers(self) -> list[int]:
        """List the articles that were ever sent."""
        return sorted(self._changes)

    def last_version(self, number: int) -> int:
        """Give the number of the last text that was sent of an article; 0 for none."""
        return self._versions.get(number, 0)

    def allowed(self, number: int, asked: float, came: float) -> set[int | None]:
        """Give the versions that may be shown to who asks at one moment and is answered at another; None: nothing."""
        changes = self._changes.get(number, [])
        over = [one.version for one in changes if one.end <= asked]
        return {over[-1] if over else None, *(one.version for one in changes if one.begin <= came and one.end > asked)}

    def held(self, number: int) -> set[int | None]:
        """Give the versions of which one has to be there once nobody writes: the last acknowledged, or a later one."""
        changes = self._changes.get(number, [])
        told = [place for place, one in enumerate(changes) if one.told]
        later = [one.version for one in changes[told[-1] :]] if told else [None, *(one.version for one in changes)]
        return set(later)
