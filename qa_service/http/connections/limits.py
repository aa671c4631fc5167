"""What a client is given: time, and a place; and what it is told when it takes more."""

from __future__ import annotations

import resource
from dataclasses import dataclass

MOST_CONNECTIONS = 1000
SPARED_FILES = 256
"""Open files that connections leave to everything else."""
SLOWEST = 64 * 1024
"""Bytes a second that a client must manage beyond its time for any request or answer."""


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

    def allowance(self, count: int) -> float:
        """Give the seconds in which a client may send or take so many bytes."""
        return self.read + count / SLOWEST
