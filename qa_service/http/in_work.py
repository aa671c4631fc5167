"""Which requests are in work: what they use may only be closed when they are done."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wsgi import ClosingIterator

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class RequestsInWork:
    """Knows the requests that have begun and whose answers are not closed yet. Safe for threads."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: set[int] = set()
        self._ended = threading.Condition()

    def around(self, application: Application) -> Application:
        """Give a WSGI application whose requests are known here."""

        def watched(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            number = next(self._numbers)
            with self._ended:
                self._open.add(number)
            try:
                answer = application(environ, start_response)
            except BaseException:
                self._end(number)
                raise
            wrapper = environ.get("wsgi.file_wrapper")
            if isinstance(wrapper, type) and isinstance(answer, wrapper):
                # A file is sent by the server itself, which has to see what it is; it uses nothing else.
                self._end(number)
                return answer
            return ClosingIterator(answer, lambda: self._end(number))

        return watched

    def wait(self, seconds: float) -> bool:
        """Wait until all that are in work now are done, at most so long; tell whether they are."""
        with self._ended:
            before = set(self._open)
            return self._ended.wait_for(lambda: not before & self._open, seconds)

    def _end(self, number: int) -> None:
        with self._ended:
            self._open.discard(number)
            self._ended.notify_all()
