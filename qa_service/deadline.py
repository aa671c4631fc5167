"""By when the question that a thread works on must have had its turn: whoever took it in says so, queues look at it."""

from __future__ import annotations

import time
from contextvars import ContextVar

_until: ContextVar[float | None] = ContextVar("turn_until", default=None)


def set_deadline(until: float | None) -> None:
    """Set the moment (monotonic seconds) for what this thread does from now on; None for no end."""
    _until.set(until)


def seconds_left() -> float | None:
    """Give the seconds until then, 0 when it is over; None for no end."""
    until = _until.get()
    return None if until is None else max(0.0, until - time.monotonic())
