"""Requests that are answered but for their end: the client may have all of it before the thread is free again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Ending(Generic[Item]):
    """Knows the requests whose last bytes are on their way.

    Between these and the moment in which its thread is free, a client can ask again, and would find a full house where
    there is none but itself. Threads add their requests, the loop takes them out.
    """

    def __init__(self) -> None:
        self._items: set[Item] = set()
        self._local = threading.local()

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[Item]:
        # Made in one go, whatever threads add meanwhile.
        return iter(list(self._items))

    def begin(self, item: Item) -> None:
        """Note what the calling thread works on from now on."""
        self._local.item = item

    def over(self, item: Item) -> None:
        """Note that a request needs its thread no more."""
        self._items.discard(item)

    def watching(self, application: Application) -> Application:
        """Give an application that notes here what its thread works on, before the last of an answer is handed over."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            length: int | None = None

            def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                nonlocal length
                length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
                return start_response(status, headers, exc_info)

            pieces = application(environ, start)
            return _Watched(pieces, length, self._last)

        return watched

    def _last(self) -> None:
        self._items.add(self._local.item)


class _Watched:
    """The pieces of an answer; says before the last one that it is the last, as far as its length tells."""

    def __init__(self, pieces: Iterable[bytes], length: int | None, last: Callable[[], None]) -> None:
        self._pieces = pieces
        self._length = length
        self._last = last

    def __iter__(self) -> Iterator[bytes]:
        left = self._length
        for piece in self._pieces:
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    self._last()
            yield piece
        # Of others the end is sent after all pieces; of those without a body, the head is.
        self._last()

    def close(self) -> None:
        """Close what gave the pieces."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
