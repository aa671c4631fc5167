"""How often a key may ask, and how many requests of one key may run at a time."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.wsgi import ClosingIterator

from qa_service.errors import TooMany
from qa_service.keys.key import Key

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HELD = "qa_service.held"
_SOON = 1
"""Seconds after which one of the requests that run may have ended."""


class Throttle:
    """Counts the requests of each key. Safe for threads; what it counted ends with the process."""

    def __init__(self, rate: str | None = None) -> None:
        """Make one; `rate` is that of keys without one of their own."""
        self._rate = rate
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    def init_app(self, app: Flask) -> None:
        """Have what a request holds given back once its answer is sent, or its caller has gone."""
        app.wsgi_app = _giving_back(app.wsgi_app)  # type: ignore[assignment, method-assign]

    def enter(self, request: Request, key: Key) -> None:
        """Count a request of a key, until its answer is sent.

        Errors:
            TooMany: the key has used up what it may.
        """
        if key.concurrency is not None:
            self._take_place(key.id, key.concurrency)
            request.environ[_HELD].append(lambda: self._leave_place(key.id))
        rate = key.rate or self._rate
        if rate is not None:
            self._hit(key.id, rate)

    def _take_place(self, key_id: str, most: int) -> None:
        with self._lock:
            if self._running[key_id] < most:
                self._running[key_id] += 1
                return
        raise TooMany(
            f"this key may have {most} requests at a time, and so many are running",
            retry_after=_SOON,
            field="Authorization",
            remedy="wait until one is answered",
        )

    def _leave_place(self, key_id: str) -> None:
        with self._lock:
            self._running[key_id] -= 1
            if self._running[key_id] <= 0:
                del self._running[key_id]

    def _hit(self, key_id: str, rate: str) -> None:
        item = _item(rate)
        if self._limiter.hit(item, key_id):
            return
        left = self._left(item, key_id)
        if left > item.get_expiry():  # the clock was set back, and this time would not end before it comes again
            self._limiter.clear(item, key_id)
            if self._limiter.hit(item, key_id):
                return
            left = self._left(item, key_id)
        seconds = max(1, math.ceil(left))
        raise TooMany(
            f"this key may ask {rate.replace('/', ' times a ')}",
            retry_after=seconds,
            field="Authorization",
            remedy=f"try again in {seconds} s",
        )

    def _left(self, item: RateLimitItem, key_id: str) -> float:
        """Tell how many seconds the time has left that began with the first request counted."""
        return self._limiter.get_window_stats(item, key_id).reset_time - time.time()


@cache
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def _giving_back(application: WSGIApplication) -> WSGIApplication:
    """Wrap an application: what is put on a request's list is called when its answer has ended, however it ends."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        held: list[Callable[[], Any]] = []
        environ[_HELD] = held

        def give_back() -> None:
            while held:
                held.pop()()

        try:
            answer = application(environ, start_response)
        except BaseException:
            give_back()
            raise
        # Only where needed: the server sends files faster when it sees that they are.
        return ClosingIterator(answer, give_back) if held else answer

    return wrapped
