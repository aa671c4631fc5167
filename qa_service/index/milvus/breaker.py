"""Not asking again and again what has just failed: where a server is away, everybody is told so at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REST_S = 1.0
"""How long nobody asks after a failure; then one does, and the others once that one was answered."""
TRIAL_S = 0.3
"""How long the others wait for that answer before they are refused."""


class Breaker:
    """Lets calls through while they succeed. Safe for threads.

    Attributes:
        trips: how often calls began to fail; who has seen another number has to look whether anything was lost.

    Parameters:
        refused: makes the error of who is not let through.
        clock: gives the time in seconds.
    """

    def __init__(self, refused: Callable[[], Exception], clock: Callable[[], float] = time.monotonic) -> None:
        self._refused = refused
        self._clock = clock
        self._lock = threading.Condition()
        self._failed_at: float | None = None
        self._trying = False
        self.trips = 0

    @contextmanager
    def call(self, failure: type[Exception]) -> Iterator[None]:
        """Let a call through, and learn from how it ends.

        Parameters:
            failure: what it raises when the server is away; other errors say that it is there.

        Errors:
            What `refused` makes: the last call failed, just now or with another one under way that tries again.
        """
        trying = self._enter()
        try:
            yield
        except failure:
            self._leave(trying, failed=True)
            raise
        except BaseException:
            self._leave(trying, failed=False)
            raise
        self._leave(trying, failed=False)

    def _enter(self) -> bool:
        with self._lock:
            if self._trying:
                self._lock.wait_for(lambda: not self._trying, TRIAL_S)
            if self._failed_at is None:
                return False
            if self._trying or self._clock() < self._failed_at + REST_S:
                raise self._refused()
            self._trying = True
            return True

    def _leave(self, trying: bool, *, failed: bool) -> None:
        with self._lock:
            if failed:
                self.trips += self._failed_at is None
                self._failed_at = self._clock()
            elif trying:
                self._failed_at = None
            if trying:
                self._trying = False
                self._lock.notify_all()
