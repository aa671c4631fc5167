"""A client's connection and where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from qa_service.http.connections.incoming import Incoming
from qa_service.http.connections.lanes import Lane
from qa_service.http.connections.limits import Limits, Pace
from qa_service.http.connections.memory import Memory, Share
from qa_service.http.connections.outgoing import Outgoing

_CLOSING_SECONDS = 2.0


class State(Enum):
    """What a connection is about."""

    READING = "a request is awaited, or arrives"
    WAITING = "its request waits for a thread"
    WORKING = "a thread works on its request"
    SENDING = "its request was answered, and the answer goes out"
    CLOSING = "it was told the end, and what it still sends is dropped"


class Connection:
    """One connection; `sock`, `client` and `server` are what gunicorn's own have.

    Parameters:
        receive: makes what takes in a request, of a client and with its number on the connection.

    Attributes:
        since: monotonic seconds; when the request began to arrive, or the end was told.
        arrived: monotonic seconds, when its request was whole.
        keep: another request may follow.
        events: what the loop watches for.
        drained: bytes dropped while it closes.
        pace: of what the client sends.
    """

    def __init__(
        self,
        receive: Callable[[Any, int], Incoming],
        sock: Outgoing,
        client: Any,
        server: Any,
        memory: Memory,
        limits: Limits,
    ) -> None:
        self.sock = sock
        self.client = client
        self.server = server
        self.state = State.READING
        self.since = time.monotonic()
        self.arrived = self.since
        self.lane = Lane.ASK
        self.keep = True
        self.events = 0
        self.drained = 0
        self.share = Share(memory)
        self.pace = Pace(limits.read)
        self._limits = limits
        self._receive = receive
        self.incoming = receive(client, 1)

    def read_next(self) -> None:
        """Make ready for another request."""
        self.incoming = self._receive(self.client, self.incoming.number + 1)
        self.sock.next_request()
        self.state = State.READING
        self.since = time.monotonic()

    def is_late(self, now: float) -> bool:
        """Tell whether the client has had its time for a request, or to see the end; monotonic seconds."""
        if self.state is State.CLOSING and not self.incoming.truncated:
            return now > self.since + _CLOSING_SECONDS
        if self.state is State.CLOSING or self.incoming.begun:
            return self.pace.is_over(now)
        return now > self.since + (self._limits.idle if self.incoming.number > 1 else self._limits.read)
