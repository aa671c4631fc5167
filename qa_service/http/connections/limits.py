"""What a client is given: time, and a place; and what it is told when it takes more."""

from __future__ import annotations

import math
import resource
from dataclasses import dataclass

from gunicorn.http.errors import ParseException

from qa_service.http.limits import MAX_ASYNC_BODY_BYTES, MEGABYTE

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = MAX_ASYNC_BODY_BYTES + MEGABYTE
"""A body over this is not waited for: the application refuses it by its length, or by what there is of it."""
MOST_SMALL_CHUNKS = 10_000
SMALL_CHUNK = 64
"""Bytes that the chunks of a body must have on average once there are more than `MOST_SMALL_CHUNKS`."""
MOST_CONNECTIONS = 1000
SPARED_FILES = 256
"""Open files that connections leave to everything else."""
SLOWEST = 64 * 1024
"""Bytes a second that a client must manage beyond its time for any request or answer, without falling behind by more
than that time."""


def room_for_connections() -> int:
    """Have the system allow as many open files as are wanted, if it does; give the connections there may be then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(soft // 2, soft - SPARED_FILES))


class TooSlow(Exception):
    """The request did not arrive in time."""


class CutOff(Exception):
    """The body ended before its announced end."""


class TinyChunks(ParseException):  # type: ignore[misc]
    """The body comes in too many, too small chunks."""


class NoRoom(Exception):
    """There is no memory for the request."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of all connections.

    Attributes:
        read: seconds for a request to arrive, or an answer to be taken.
        idle: seconds for which an unused connection is kept.
        connections: how many there may be.
    """

    read: float
    idle: float
    connections: int


class Pace:
    """Until when a client has time: what it sends or takes gives it more, but never more than `seconds` from then.

    Else a client could buy many minutes of rest with one burst, and hold for as long what it has sent.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = math.inf

    def begin(self, now: float) -> None:
        """Give all of the time anew; monotonic seconds, as everywhere here."""
        self._due = now + self._seconds

    def moved(self, count: int, now: float) -> None:
        """Give more time for so many bytes."""
        self._due = min(self._due + count / SLOWEST, now + self._seconds)

    def is_over(self, now: float) -> bool:
        """Tell whether the client has had its time."""
        return now > self._due
