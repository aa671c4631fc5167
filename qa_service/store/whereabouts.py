"""What tells a catalogue from its copies: numbers that its place gives it, and that do not go with its content."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_AT_FDCWD = -100
_STATX_BTIME = 0x800
_STATX = struct.Struct("<I76xqI")
"""Of the kernel's `struct statx`: which fields it has filled in, and the seconds and nanoseconds of the birth."""
_STATX_BYTES = 256
_UNKNOWN = ""


def of_file(path: Path) -> str:
    """Give the inode number of a file and when it was made, in nanoseconds since 1970.

    Both stay when the file is renamed or written, and with SQLite's VACUUM. The number alone would not do: the next
    file often gets that of one that was removed. What is not asked for is the device, which changes with mounts.

    Errors:
        OSError: there is no such file.
    """
    return joined(str(path.stat().st_ino), _born(path))


def joined(*parts: str) -> str:
    """Write parts down, of which some may be unknown, that is empty."""
    return ":".join(parts)


def are_same(one: str, other: str) -> bool:
    """Tell whether two are the same in all parts that both know."""
    mine, theirs = one.split(":"), other.split(":")
    known = zip(mine, theirs, strict=False)
    return len(mine) == len(theirs) and all(_UNKNOWN in pair or pair[0] == pair[1] for pair in known)


def _born(path: Path) -> str:
    """Ask the kernel, which Python does not do before 3.15; empty where the file system does not know."""
    found = ctypes.create_string_buffer(_STATX_BYTES)
    try:
        failed = ctypes.CDLL(None).statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, found)
    except (OSError, AttributeError, TypeError):
        return _UNKNOWN
    filled, seconds, nanoseconds = _STATX.unpack_from(found)
    return str(seconds * 10**9 + nanoseconds) if not failed and filled & _STATX_BTIME else _UNKNOWN
