"""Sparing the garbage collector what stays for good though it came after the start.

The dictionaries of words are loaded by who first needs them: some 340,000 objects, which each full collection looked
through again, for 0.1 s of a processor's time in which no other thread had the interpreter.
"""

from __future__ import annotations

import gc

MANY = 100_000
"""Objects that survived a full collection from which on they are taken for such tables."""
TIMES = 3
"""Of what is spared, cycles are never collected: by chance it holds some of the requests of that moment."""


class Sparing:
    """Takes out of the collector's sight what survives it in great number; for one thread."""

    def __init__(self) -> None:
        self._left = TIMES
        self._seen = _full_collections()

    def look(self) -> bool:
        """Do so if there was a full collection since the last look; tell whether anything was taken out."""
        if not self._left or self._seen == (now := _full_collections()):
            return False
        self._seen = now
        if len(gc.get_objects(2)) < MANY:
            return False
        gc.freeze()
        self._left -= 1
        return True


def _full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])
