"""Changes good inputs by chance: where there is no guide to new code, or none is wanted."""

from __future__ import annotations

import random
from collections.abc import Sequence

_ODD = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\x7f",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"\xed\xa0\x80",
    "\u202e\u0301\u200d".encode(),
)
_MOST_CHANGES = 6


class Mutator:
    """Gives one input after another.

    Parameters:
        seeds: good inputs; without any, the empty one.
        words: pieces to put in.
        rng: decides everything.
        most: bytes of an input.
    """

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes], rng: random.Random, most: int) -> None:
        self._seeds = list(seeds) or [b""]
        self._words = (*words, *_ODD)
        self._rng = rng
        self._most = most

    def next(self) -> bytes:
        """Make an input of a seed by a few changes."""
        data = bytearray(self._rng.choice(self._seeds))
        for _ in range(self._rng.randint(1, _MOST_CHANGES)):
            self._change(data)
        return bytes(data[: max(self._most, len(self._seeds[0]))])

    def _change(self, data: bytearray) -> None:
        rng = self._rng
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.randint(0, 1 << rng.randint(0, 7)))
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[start:end] = rng.randbytes(end - start)
        elif kind == 2:
            del data[start:end]
        elif kind == 3:
            data[start:start] = rng.choice(self._words) * rng.choice((1, 1, 1, 2, 40))
        elif kind == 4:
            data[start:start] = data[start:end] * rng.choice((1, 2, 20))
        elif kind == 5:
            other = rng.choice(self._seeds)
            place = rng.randint(0, len(other))
            data[start:end] = other[place : place + rng.randint(0, 64)]
        else:
            del data[start:]
