"""How many questions are worked on at a time, so that many at once do not slow each other down.

All of the work on a question but its encoding needs the interpreter, which one thread at a time can have: forty threads
that take it from each other in the middle of their work answer fewer questions a second than two.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from embeddings.encoder import Encoder, Vectors
from qa_service.deadline import seconds_left
from qa_service.errors import Overloaded

AT_A_TIME = 2
"""Questions worked on: one has the interpreter while the other reads or multiplies."""
CROWD = 2
"""Questions waiting for their turn from which on it is no use to encode another one at once."""


class Turns:
    """Turns, given in the order in which they were asked for. Safe for threads.

    Parameters:
        most: how many may have one at a time.
    """

    def __init__(self, most: int = AT_A_TIME) -> None:
        self._free = most
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()
        self._held = threading.local()

    @property
    def crowded(self) -> bool:
        """Whether enough wait for their turn to keep all busy for a while."""
        return len(self._waiting) >= CROWD

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and have it; a thread that has one goes on with it.

        Errors:
            Overloaded: it did not come before the thread's deadline.
        """
        if self.mine:
            yield
            return
        self._take(seconds_left())
        try:
            yield
        finally:
            self._give()

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Let others have this thread's turn, if it has one, while it waits for something."""
        if not self.mine:
            yield
            return
        self._give()
        try:
            yield
        finally:
            # What was begun is brought to its end.
            self._take(None)

    @property
    def mine(self) -> bool:
        """Whether this thread has a turn."""
        return getattr(self._held, "turn", False)

    def _take(self, patience: float | None) -> None:
        with self._lock:
            ready: threading.Lock | None = None
            if self._free:
                self._free -= 1
            else:
                ready = threading.Lock()
                ready.acquire()
                self._waiting.append(ready)
        # Released by who hands its turn on.
        came = ready is None or ready.acquire(timeout=-1 if patience is None else patience)
        if ready is not None and not came and not self._is_handed(ready):
            raise Overloaded("it was not its turn in time", retry_after=2)
        self._held.turn = True

    def _is_handed(self, ready: threading.Lock) -> bool:
        """Leave the queue; True when the turn came just now, so that it must be taken."""
        with self._lock:
            try:
                self._waiting.remove(ready)
            except ValueError:
                return True
            return False

    def _give(self) -> None:
        self._held.turn = False
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class PatientEncoder:
    """Encodes questions without keeping the turn of who asks."""

    def __init__(self, encoder: Encoder, turns: Turns) -> None:
        self._encoder = encoder
        self._turns = turns

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; see `Encoder`."""
        with self._turns.interrupted():
            return self._encoder.encode_queries(texts)
