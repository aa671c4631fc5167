"""How many answers may stream or be generated at once: each holds a thread, and some must be left for questions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

from flask import Flask, current_app

from qa_service.config import Settings
from qa_service.errors import Overloaded
from qa_service.http.load import load_of

_EXTENSION = "streams"
SPARED = 8
"""Threads that these leave to others, where there are as many more."""


class Streams:
    """Places for answers that stream or are generated. Safe for threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._running = 0

    @property
    def running(self) -> int:
        """Answers that take a place."""
        return self._running

    def enter(self) -> Callable[[], None]:
        """Take a place; give what leaves it again, which may be called more than once.

        Errors:
            Overloaded: all places are taken.
        """
        with self._lock:
            if self._running >= self.most:
                problem = f"{self.most} answers are streamed or generated already"
                raise Overloaded(problem, retry_after=2, remedy="try again in 2 s")
            self._running += 1
        left = threading.Event()

        def leave() -> None:
            with self._lock:
                if not left.is_set():
                    left.set()
                    self._running -= 1

        return leave


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its places."""
    app.extensions[_EXTENSION] = Streams(min(settings.streams, max(1, settings.threads - SPARED)))


def enter_stream() -> Callable[[], None]:
    """Take a place for the request now handled; see `Streams.enter`."""
    try:
        return cast(Streams, current_app.extensions[_EXTENSION]).enter()
    except Overloaded:
        load_of(current_app).refuse("streams")
        raise
