"""Memory that the allocator holds on to after a large piece of work."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def return_memory() -> None:
    """Give freed memory back to the system where the C library can: building a model leaves half a gigabyte of it."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
