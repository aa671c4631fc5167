"""How much of requests and answers on their way all connections together may keep in memory."""

from __future__ import annotations

import threading

MEGABYTE = 1024 * 1024
MOST = 256 * MEGABYTE
OWN = 64 * 1024
"""What a connection may keep in each direction without asking: small requests are taken whatever large ones come."""


class Memory:
    """A number of bytes that connections share. Safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._free = most
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take so many bytes; False, and none are taken, where there are not so many."""
        with self._lock:
            if count > self._free:
                return False
            self._free -= count
            return True

    def give(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._free += count


class Share:
    """What one connection keeps in one direction: the first bytes are its own, the others are taken from all.

    Safe for one thread at a time.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0
        self.size = 0

    def resize(self, size: int) -> bool:
        """Keep this many bytes from now on; False, and nothing changes, where memory is short."""
        wanted = max(0, size - OWN)
        if wanted > self._taken:
            if not self._memory.take(wanted - self._taken):
                return False
        else:
            self._memory.give(self._taken - wanted)
        self._taken, self.size = wanted, size
        return True
