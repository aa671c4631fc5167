"""The lock that keeps one writer at a time, across threads and processes, and the name of who holds it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from qa_service.errors import Unavailable

LOCK_TIMEOUT_S = 120.0
"""How long a write waits for another process's batch before it gives up; batches take seconds."""
_WRITER = "writer.pid"
"""Beside the lock, whose own file is emptied by whoever waits for it: the process that wrote last."""


@contextlib.contextmanager
def held(place: Path, data_dir: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Parameters:
        place: the folder.
        data_dir: the data directory that it is or is in.

    Errors:
        Unavailable: another thread or process has had it for very long.
    """
    lock = filelock.FileLock(place / "writer.lock", timeout=LOCK_TIMEOUT_S, is_singleton=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise Unavailable(
            f"{_writer(data_dir)} has been writing for over {LOCK_TIMEOUT_S:.0f} s",
            field=str(data_dir),
            remedy="wait for it to end or stop it, then try again",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def free(path: Path) -> Iterator[Callable[[], bool]]:
    """Hold the lock of a file if nobody else does; what is given tells whether that is so."""
    lock = filelock.FileLock(path, is_singleton=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        yield lambda: False
        return
    try:
        yield lambda: True
    finally:
        lock.release()


def sign(place: Path) -> None:
    """Leave this process's number beside the lock, for those who wait for it."""
    with contextlib.suppress(OSError):
        (place / _WRITER).write_text(str(os.getpid()), encoding="ascii")


def _writer(data_dir: Path) -> str:
    """Name the process that holds the lock."""
    try:
        number = int((data_dir / _WRITER).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return "another process"
    return "another thread of this process" if number == os.getpid() else f"another process ({number})"
