"""Which requests are worked on, which wait, and which are refused. Knows nothing of connections or threads."""

from __future__ import annotations

import math
import re
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar
from urllib.parse import unquote

Item = TypeVar("Item")
LONGEST_RETRY = 30
STATE_THREADS = 2
"""Threads that only tell how the service is, so that it is never too busy to say so."""
_STATE_PATHS = ("/healthz", "/readyz", "/metrics")
_WRITTEN = ("/v1/articles", "/v1/collections", "/v1/vector_stores")
_SIDE = frozenset({"/v1/rerank", "/v1/embeddings", "/v1/feedback"})
_SEARCH = re.compile(r"/v1/vector_stores/[^/]+/search")


class Lane(Enum):
    """Kinds of requests that do not wait for each other."""

    STATE = "state"
    WRITE = "write"
    SIDE = "side"
    """What may take minutes or wait for a disk, beside the questions: reranking, embeddings, feedback."""
    ASK = "question"


class Verdict(Enum):
    """What becomes of a request."""

    START = "start"
    WAIT = "wait"
    REFUSE = "refuse"


def lane_of(method: str, path: str) -> Lane:
    """Tell the lane of a request; its path is as it was sent, percent-encoded as the client likes."""
    meant = unquote(path)
    if meant in _STATE_PATHS:
        return Lane.STATE
    if meant in _SIDE:
        return Lane.SIDE
    if method not in ("POST", "PUT", "PATCH", "DELETE") or not meant.startswith(_WRITTEN):
        return Lane.ASK
    return Lane.ASK if method == "POST" and _SEARCH.fullmatch(meant) else Lane.WRITE


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    since: float


class Lanes(Generic[Item]):
    """Bounded queues in front of a number of threads; times are monotonic seconds. For one thread.

    Who writes articles waits for the writer's lock, and side work takes long: a quarter of the threads may do the one,
    a quarter the other, the rest is left to questions.

    Parameters:
        threads: requests worked on at a time, in all lanes but that of the state, which has its own.
        queue: requests that may wait in each lane.
        patience: seconds that one waits at most.
    """

    def __init__(self, threads: int, queue: int, patience: float) -> None:
        quarter = max(1, threads // 4)
        self._most = {Lane.STATE: STATE_THREADS, Lane.WRITE: quarter, Lane.SIDE: quarter, Lane.ASK: threads}
        self._threads = threads
        self._queue = queue
        self._patience = patience
        self._working: Counter[Lane] = Counter()
        self._waiting: dict[Lane, deque[_Waiting[Item]]] = {lane: deque() for lane in Lane}

    @property
    def working(self) -> int:
        """Requests that are worked on."""
        return self._working.total()

    @property
    def waiting(self) -> dict[str, int]:
        """Requests that wait, by the name of their lane."""
        return {lane.value: len(queue) for lane, queue in self._waiting.items()}

    def admit(self, item: Item, lane: Lane, now: float, ending: Counter[Lane] | None = None) -> Verdict:
        """Take a request: it is to be started by the caller, kept here until its turn, or refused.

        Parameters:
            ending: how many of those that are worked on are all but done, by lane: as many more may wait for them.
        """
        # Its turn is after those that came before, even if there is room already.
        if not self._waiting[lane] and self._has_room(lane):
            self._working[lane] += 1
            return Verdict.START
        if len(self._waiting[lane]) < self._queue + (self._places(lane, ending) if ending else 0):
            self._waiting[lane].append(_Waiting(item, now))
            return Verdict.WAIT
        return Verdict.REFUSE

    def done(self, lane: Lane) -> list[tuple[Item, Lane]]:
        """Note that a request is done; give those that are to be started now, the longest waiting first."""
        self._working[lane] -= 1
        started: list[tuple[Item, Lane]] = []
        while True:
            ready = [one for one in Lane if self._waiting[one] and self._has_room(one)]
            if not ready:
                return started
            first = min(ready, key=lambda one: self._waiting[one][0].since)
            self._working[first] += 1
            started.append((self._waiting[first].popleft().item, first))

    def expired(self, now: float) -> list[Item]:
        """Take out the requests that have waited too long."""
        return self._taken(now - self._patience)

    def emptied(self) -> list[Item]:
        """Take out all that wait."""
        return self._taken(math.inf)

    def retry_after(self, lane: Lane, now: float) -> int:
        """Say in how many seconds it is worth asking again: as long as the next of its lane has waited, 1 to 30."""
        queue = self._waiting[lane]
        oldest = queue[0].since if queue else now
        return min(LONGEST_RETRY, max(1, math.ceil(now - oldest)))

    def _taken(self, before: float) -> list[Item]:
        found = []
        for queue in self._waiting.values():
            while queue and queue[0].since <= before:
                found.append(queue.popleft().item)
        return found

    def _places(self, lane: Lane, ending: Counter[Lane]) -> int:
        """Count the requests at whose end one of a lane could start."""
        if self._working[lane] >= self._most[lane] and lane is not Lane.ASK:
            return ending[lane]
        return ending.total() - ending[Lane.STATE]

    def _has_room(self, lane: Lane) -> bool:
        if self._working[lane] >= self._most[lane]:
            return False
        return lane is Lane.STATE or self._working.total() - self._working[Lane.STATE] < self._threads
