"""Concurrent calls of an encoder with few texts, joined into one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from embeddings.encoder import Vectors

MOST_TEXTS = 8
"""Texts of a joined call. With the default model on 2 cores, a question among eight takes 4 ms of processor time, among
four 5 and by itself 11."""
MOST_CHARACTERS = 16_000
"""Characters of calls that are joined, all texts of one together: who asks briefly does not wait for a book."""
_PATIENCE_S, _GLANCE_S = 0.05, 0.002
"""How long a leader lets calls join while vectors are of no use, and how often it looks whether they are."""
_SMOOTHING = 0.3
"""Weight of the last gap between two calls in their average."""


def are_few(texts: Sequence[str]) -> bool:
    """Tell whether texts are few and short enough, and any at all, for a joined call."""
    return 0 < len(texts) <= MOST_TEXTS and sum(map(len, texts)) <= MOST_CHARACTERS


@dataclass(frozen=True, slots=True)
class JoinedCounts:
    """What was done so far: calls taken, texts in them, calls of the encoder, and calls that shared one of these.

    `sizes[n]` of the calls of the encoder had n texts; the last count is of all that had as many or more.
    """

    calls: int
    texts: int
    runs: int
    joined: int
    sizes: tuple[int, ...] = field(default=(), compare=False)


_LONGEST_GAP_S = 1.0
"""What a longer pause counts as, so that it is forgotten soon."""


@dataclass(slots=True, eq=False)
class _Call:
    texts: list[str]
    vectors: Vectors | None = None
    error: BaseException | None = None
    leads: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)


class JoinedCalls:
    """Join calls that arrive while another one runs into a single call of the encoder.

    One batch of eight questions takes less time than eight batches of one that compete for the same cores. One caller
    at a time leads: it runs the encoder for all who wait, the longest first, and then hands on to the next.

    Where calls overlap and follow each other closely, the leader also waits for the next ones. A call without company
    never waits: none overlapped it, or they are further apart than the wait.

    Args:
        encode: takes texts, returns float32 of shape (len(texts), dim); called by one thread at a time.
        wait_s: how long a leader waits at most for calls to join, in seconds.
        most: texts from which on a joined call takes no more; a call of more is run by itself.
        clock: gives the time in seconds.

    Attributes:
        no_hurry: tells whether vectors are of no use yet, as their takers have enough to do: then more calls may join,
            for at most 50 ms, unless `wait_s` is 0.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[str]], Vectors],
        wait_s: float = 0.0,
        most: int = MOST_TEXTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._encode = encode
        self._wait_s = wait_s
        self._most = most
        self._clock = clock
        self.no_hurry: Callable[[], bool] = lambda: False
        self._arrived = threading.Condition(threading.Lock())
        self._waiting: list[_Call] = []
        self._led = False
        self._company = 1
        self._last_s, self._gap_s = float("-inf"), _LONGEST_GAP_S
        self._calls = self._texts = self._runs = self._joined = 0
        self._sizes = [0] * (most + 2)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of `texts`, of shape (len(texts), dim), or raise what `encode` raises for them alone."""
        call = _Call(list(texts))
        call.turn.acquire()
        with self._arrived:
            self._count(call)
            self._waiting.append(call)
            call.leads, self._led = not self._led, True
            self._arrived.notify()
        if not call.leads:
            self._await_turn(call)
        if call.leads:
            self._lead(call)
        if call.error is not None:
            raise call.error
        assert call.vectors is not None
        return call.vectors

    def _await_turn(self, call: _Call) -> None:
        try:
            # Released with the vectors, or to lead.
            call.turn.acquire()
        except BaseException:
            with self._arrived:
                if call in self._waiting:
                    self._waiting.remove(call)
                if call.leads:
                    self._hand_on()
            raise

    def counts(self) -> JoinedCounts:
        """Tell what was done so far."""
        with self._arrived:
            return JoinedCounts(self._calls, self._texts, self._runs, self._joined, tuple(self._sizes))

    def _count(self, call: _Call) -> None:
        now = self._clock()
        gap = min(now - self._last_s, _LONGEST_GAP_S)
        self._gap_s += _SMOOTHING * (gap - self._gap_s)
        self._last_s = now
        self._calls += 1
        self._texts += len(call.texts)

    def _lead(self, own: _Call) -> None:
        """Run the encoder for the caller, who is the first of those who wait, and for others."""
        calls: list[_Call] = []
        try:
            with self._arrived:
                self._await_company()
                calls = self._take()
            self._run(calls)
        finally:
            with self._arrived:
                if not calls:  # interrupted as it waited
                    self._waiting.remove(own)
                self._company = len(calls) + len(self._waiting)
                self._joined += len(calls) if len(calls) > 1 else 0
                self._hand_on()
            for call in calls[1:]:
                call.turn.release()

    def _hand_on(self) -> None:
        """Let the longest waiting lead, if any is left; the lock is held."""
        follower = self._waiting[0] if self._waiting else None
        self._led = follower is not None
        if follower is not None:
            follower.leads = True
            follower.turn.release()

    def _await_company(self) -> None:
        """Wait for more calls where some are to be expected; the lock is held, and let go meanwhile."""
        # Who takes the vectors tells nobody when he could do with more.
        patience = self._clock() + _PATIENCE_S
        while self._wait_s and not self._is_full() and self.no_hurry() and self._clock() < patience:
            self._arrived.wait(_GLANCE_S)
        until = self._clock() + self._wait_s
        while len(self._waiting) < self._company and self._gap_s < self._wait_s:
            left = until - self._clock()
            if left <= 0 or self._is_full():
                return
            self._arrived.wait(left)

    def _is_full(self) -> bool:
        return sum(len(call.texts) for call in self._waiting) >= self._most

    def _take(self) -> list[_Call]:
        """Take the first of those who wait, and the next ones that fit beside it."""
        count, texts = 1, len(self._waiting[0].texts)
        while count < len(self._waiting) and texts + len(self._waiting[count].texts) <= self._most:
            texts += len(self._waiting[count].texts)
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _run(self, calls: list[_Call]) -> None:
        texts = [text for call in calls for text in call.texts]
        self._runs += 1
        self._sizes[min(len(texts), len(self._sizes) - 1)] += 1
        try:
            vectors = self._encode(texts)
        except BaseException as error:
            if len(calls) == 1 or not isinstance(error, Exception):
                for call in calls:
                    call.error = error
                return
            # One caller's bad text must not fail the others.
            for call in calls:
                self._run([call])
            return
        start = 0
        for call in calls:
            call.vectors = vectors[start : start + len(call.texts)]
            start += len(call.texts)
