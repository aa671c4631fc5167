"""Stages that work at the same time: each iterator in a thread of its own, a few items ahead of who takes from it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

DEPTH = 2
"""Items a stage may be ahead: one to be taken, one in reserve for when the next takes longer."""


class Pipeline:
    """The threads of one chain of stages; a context manager, after which none of them is left.

    Parameters:
        at_end: called in each thread before it ends, to let go of what belongs to the thread.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        self._at_end = at_end
        self._changed = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        """Tell every stage to stop, and wait until each has ended what it was just making."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def ahead(self, items: Iterator[Item], name: str, depth: int = DEPTH) -> Iterator[Item]:
        """Run an iterator in a thread.

        Parameters:
            items: made by the thread alone; closed by it, if it is a generator, as soon as nobody wants more.
            name: of the thread.
            depth: how many items are kept at most that nobody has taken yet.

        Returns:
            The items in order; what the iterator raises is raised after those before it.
        """
        stage = _Stage(items, depth, self._changed, lambda: self._closed)
        thread = threading.Thread(target=self._work, args=(stage,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return stage

    def _work(self, stage: _Stage[Item]) -> None:
        try:
            stage.work()
        finally:
            self._at_end()


class _Stage(Iterator[Item], Generic[Item]):
    """What one thread makes and another takes."""

    def __init__(
        self, items: Iterator[Item], depth: int, changed: threading.Condition, closed: Callable[[], bool]
    ) -> None:
        self._items = items
        self._depth = depth
        self._changed = changed
        self._closed = closed
        self._made: deque[Item] = deque()
        self._error: BaseException | None = None
        self._ended = False

    def __next__(self) -> Item:
        with self._changed:
            self._changed.wait_for(lambda: self._made or self._ended or self._closed())
            if self._made and not self._closed():
                self._changed.notify_all()
                return self._made.popleft()
            error, self._error = self._error, None
        if error is not None and not self._closed():
            raise error
        raise StopIteration

    def work(self) -> None:
        """Make items until there are no more, or nobody wants them."""
        try:
            for item in self._items:
                if not self._hand_over(item):
                    break
        except BaseException as error:
            self._error = error
        try:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._error = self._error or error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _hand_over(self, item: Item) -> bool:
        """Wait for room and put an item there; False when nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._made) < self._depth or self._closed())
            if self._closed():
                return False
            self._made.append(item)
            self._changed.notify_all()
            return True
