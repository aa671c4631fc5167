"""What a client is given: time, and a place; and what it is told when it takes more."""

from __future__ import annotations

from dataclasses import dataclass

SLOWEST = 64 * 1024
"""Bytes a second that a client must manage beyond its time for any request or answer."""


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
