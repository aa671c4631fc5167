"""Memory that the allocator holds on to: after a large piece of work, and for each of many threads."""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress


def return_memory() -> None:
    """Give freed memory back to the system where the C library can: building a model leaves half a gigabyte of it."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


_M_ARENA_MAX = -8
ARENAS = 2
"""Heaps of the C library. By itself it makes up to eight for each processor, of which every one keeps what its threads
have freed: with 16 clients and articles that changed, 47 MB of two processors' 16 heaps were free, and 13 MB of two.
Threads that need the interpreter hardly ever allocate at the same moment."""


def share_memory() -> None:
    """Have the threads of this process share few heaps, where the C library can; called before there are threads.

    The environment variable MALLOC_ARENA_MAX, if it is set, decides instead.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
