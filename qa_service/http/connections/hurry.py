"""How long a thread may keep the interpreter from others: shorter while requests are refused.

The loop needs the interpreter anew after every call of the system, several times for a request, and threads that answer
let go of it after 5 ms only, one after the other: what is refused at once would wait for them many times over. Beside
six threads that computed, on two busy processors, five such calls took 0.6 s at worst (p99), and 0.05 s like this.
"""

from __future__ import annotations

import sys

SHORT_S = 0.0005
LASTING_S = 2.0
"""For how long after the last refusal."""


class Hurry:
    """Sets the interpreter's switch interval; for the loop's thread, times are monotonic seconds."""

    def __init__(self) -> None:
        self._usual = sys.getswitchinterval()
        self._until: float | None = None

    def refused(self, now: float) -> None:
        """Make haste from now on."""
        if self._until is None:
            sys.setswitchinterval(min(SHORT_S, self._usual))
        self._until = now + LASTING_S

    def look(self, now: float) -> None:
        """Leave it at that when nothing was refused for a while."""
        if self._until is not None and now > self._until:
            self._until = None
            sys.setswitchinterval(self._usual)
