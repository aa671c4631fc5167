"""Lists of values in statements: cut into parts of few different lengths.

SQLite prepares another statement for each number of parameters, of 0.2 KB for every one, and each thread's connection
keeps hundreds of statements: lists of any length would come to gigabytes in a server of many threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Value = TypeVar("Value", int, str, bytes)

LONGEST = 512
"""Values in a part."""


def parts(values: Iterable[Value]) -> Iterator[tuple[str, list[Value]]]:
    """Cut values into parts for `IN (...)`.

    Returns:
        The parameter marks of each part and as many values: a power of two of them, the last one repeated as needed,
        which finds nothing twice.
    """
    wanted = list(values)
    for start in range(0, len(wanted), LONGEST):
        part = wanted[start : start + LONGEST]
        length = 1 << (len(part) - 1).bit_length()
        part += part[-1:] * (length - len(part))
        yield ",".join("?" * length), part
