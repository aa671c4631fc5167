"""Statements to a server that is stopped but not dead: its machine takes what is sent, and no answer ever comes.

A time limit for statements would cut off long ones of a server that is well. So whoever waits for long looks whether
the server answers anybody: another statement of this process, or a new connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import psycopg

LATE_S = 3.0
"""After how long without any answer it is looked whether the server answers a new connection."""
KNOCK_S = 3
"""How long that may take."""
KNOCKS = 2
"""So often in succession no answer has to come: a machine under load may be slow once."""
_KNOWN_S = 1.0
"""So long after no answer came, nothing else is tried."""


class Pulse:
    """Whether a server answers. Safe for threads; it has none of its own.

    Parameters:
        knock: makes a connection to the server and closes it, within `KNOCK_S`.
    """

    def __init__(self, knock: Callable[[], None]) -> None:
        self._knock = knock
        self._lock = threading.Lock()
        self._answered = time.monotonic()
        self._gone_at = float("-inf")

    @property
    def is_gone(self) -> bool:
        """Whether no answer came a moment ago."""
        return time.monotonic() - self._gone_at < _KNOWN_S

    @property
    def patience_s(self) -> float:
        """How long to wait for an answer before looking."""
        return LATE_S if self._gone_at < self._answered else _KNOWN_S

    def answered(self) -> None:
        """Take note that the server has answered."""
        self._answered = time.monotonic()

    def stopped(self) -> bool:
        """Look whether the server answers anybody; of threads that ask at once, one looks."""
        asked = time.monotonic()
        with self._lock:
            if self._gone_at >= asked:
                return True
            if asked - self._answered < self.patience_s:
                return False
            if any(self._answers() for _ in range(KNOCKS if self._gone_at < self._answered else 1)):
                self.answered()
                return False
            self._gone_at = time.monotonic()
            return True

    def _answers(self) -> bool:
        before = self._answered
        try:
            self._knock()
        except psycopg.Error as error:
            # Any other answer is one: that there are too many connections, or that nobody listens.
            silent = isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout expired" in str(error)
            return not silent or self._answered > before
        return True


class WatchedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose statements end with an error when the server answers nobody any more."""

    pulse: Pulse | None = None

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **more: Any) -> Any:
        """Wait for the end of an operation, and look now and then while nothing comes."""
        return super().wait(gen if self.pulse is None else self._watched(gen, self.pulse), *args, **more)

    def _watched(self, operation: Generator[Any, Any, Any], pulse: Pulse) -> Generator[Any, Any, Any]:
        """Hand on what the operation waits for; nothing comes every tenth of a second while it is not there."""
        since = time.monotonic()
        try:
            wanted = next(operation)
            while True:
                ready = yield wanted
                if ready:
                    since = time.monotonic()
                elif time.monotonic() - since >= pulse.patience_s:
                    if pulse.stopped():
                        operation.close()
                        self.pgconn.finish()  # nothing can be said on this connection any more
                        raise psycopg.OperationalError("the server answers nothing, nor any new connection")
                    since = time.monotonic()
                wanted = operation.send(ready)
        except StopIteration as ended:
            pulse.answered()
            return ended.value
