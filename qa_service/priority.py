"""How a process gives way to others."""

from __future__ import annotations

import contextlib
import os

NICENESS = 19


def lower_priority() -> None:
    """Give this process, and the threads that it starts from now on, the lowest priority there is."""
    with contextlib.suppress(AttributeError, OSError):  # not every platform has it
        os.nice(NICENESS)
