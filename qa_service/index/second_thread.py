"""A second thread for the two halves of one search."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")


class SecondThread:
    """Does one of two things while the caller does the other, for one caller at a time.

    Who comes while it is busy does both by itself: with as many questions as processors nothing is gained by sharing.
    """

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="qa-second")

    def both(self, one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
        """Return what both return, or raise what one of them raises."""
        if not self._free.acquire(blocking=False):
            return one(), other()
        try:
            running = self._pool.submit(one)
            mine = other()
            return running.result(), mine
        finally:
            self._free.release()
