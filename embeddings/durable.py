"""Files that survive a crash whole, and a lock between processes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` once it is complete and on disk, or not at all.

    Errors:
        OSError: it cannot be written, and `path` is as it was; or its name cannot be made durable.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def sync_folder(folder: Path, *, files: bool = True) -> None:
    """Wait until `folder`'s entries, and the contents of all files below it if `files`, are on disk.

    Errors:
        OSError: the disk says that they are not, or something cannot be opened.
    """
    if files:
        for path in folder.rglob("*"):
            # Pipes and the like have nothing to wait for, and what is gone meanwhile neither.
            if path.is_file() or path.is_dir():
                _sync(path)
    _sync(folder)


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock that one process at a time can hold; the system frees it when the process ends, however it ends.

    Args:
        path: the lock's file, made if need be and left in place.
        waiting: called once if another process holds the lock.

    Errors:
        OSError: the file cannot be opened. A file system without locks is not an error: there is then no lock.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            yield
            return
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no directories
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Not every file system can sync a directory. All else means that what was written may be lost.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
