"""Who uses a data directory: everyone who opens it shares a lock; who replaces what it holds needs it alone.

The system lets go of the lock when its process ends, however it ends. It is never unlocked but by closing, so that a
forked child cannot free what its parent still uses.
"""

from __future__ import annotations

import os
import time
import weakref
from pathlib import Path

from qa_service.errors import Unavailable

NAME = "in-use.lock"
CONTENT = "content.lock"
"""Shared by who reads what is in the directory's own place, which after a rebuild may not be what counts."""
SERVING = "serving.lock"
"""Shared by the servers of a directory, which see to it themselves when another index takes over."""
WAIT_S = 5.0
"""How long the other side is waited for: a server's background process may outlive it by seconds."""
_SERVING_WAIT_S = 120.0
"""How long a server that starts waits for another index to take over."""
_POLL_S = 0.05


class DirectoryUse:
    """A hold on a data directory, beside others or alone; ends with `release` or with the process."""

    def __init__(self, descriptor: int) -> None:
        self._close = weakref.finalize(self, os.close, descriptor)

    def release(self) -> None:
        """End it; does nothing the second time."""
        self._close()


def shared(data_dir: Path) -> DirectoryUse:
    """Use a directory beside others.

    Errors:
        Unavailable: a restore has it. OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    busy = Unavailable(
        "a restore into this data directory is under way",
        field=str(data_dir),
        remedy="wait for it to end, then try again",
    )
    return _hold(data_dir, fcntl.LOCK_SH, busy, None)


def alone(data_dir: Path, wait_s: float | None = None) -> DirectoryUse:
    """Have a directory to oneself.

    Args:
        data_dir: the directory.
        wait_s: how long others are waited for, in seconds; None for as long as usual.

    Errors:
        Unavailable: somebody else uses it, or that cannot be known. OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    busy = Unavailable(
        "a server or another command uses this data directory",
        field=str(data_dir),
        remedy="stop it, then try again; or restore into another directory and start the server on that",
    )
    unknown = Unavailable(
        "its file system has no locks, so that nobody can tell whether the data directory is in use",
        field=str(data_dir),
        remedy="restore into a directory on a local disk",
    )
    return _hold(data_dir, fcntl.LOCK_EX, busy, unknown, wait_s=wait_s)


def serving(data_dir: Path) -> DirectoryUse:
    """Be a server of a directory, beside others.

    Errors:
        Unavailable: another index is taking over. OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    busy = Unavailable("a rebuild is about to end", field=str(data_dir), remedy="try again in a moment")
    return _hold(data_dir, fcntl.LOCK_SH, busy, None, SERVING, _SERVING_WAIT_S)


def content(data_dir: Path) -> DirectoryUse:
    """Read what is in the directory's own place, beside others.

    Errors:
        Unavailable: it is being removed. OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    busy = Unavailable("the index from before a rebuild is being removed", remedy="try again in a moment")
    return _hold(data_dir, fcntl.LOCK_SH, busy, None, CONTENT)


def unread(data_dir: Path) -> DirectoryUse | None:
    """Have what is in the directory's own place to oneself; None when somebody reads it, or that cannot be known.

    Errors:
        OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    busy = Unavailable("the index from before a rebuild is still in use")
    try:
        return _hold(data_dir, fcntl.LOCK_EX, busy, busy, CONTENT, 0.0)
    except Unavailable:
        return None


def unserved(data_dir: Path) -> DirectoryUse | None:
    """Keep servers from starting; None when there is one already.

    Where there are no locks nobody can tell: then there is none.

    Errors:
        OSError: the directory cannot be written.
    """
    import fcntl  # noqa: PLC0415 - absent on Windows

    try:
        return _hold(data_dir, fcntl.LOCK_EX, Unavailable("a server runs"), None, SERVING, 0.0)
    except Unavailable:
        return None


def _hold(
    data_dir: Path,
    kind: int,
    busy: Unavailable,
    unknown: Unavailable | None,
    name: str = NAME,
    wait_s: float | None = None,
) -> DirectoryUse:
    try:
        descriptor = os.open(data_dir / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except PermissionError:
        # Another user was the first to open the directory; a lock needs no right to write.
        descriptor = os.open(data_dir / name, os.O_RDONLY | os.O_CLOEXEC)
    use = DirectoryUse(descriptor)
    try:
        _lock(descriptor, kind, busy, unknown, WAIT_S if wait_s is None else wait_s)
    except BaseException:
        use.release()
        raise
    return use


def _lock(descriptor: int, kind: int, busy: Unavailable, unknown: Unavailable | None, wait_s: float) -> None:
    """Lock a file, `busy` after a while; where there are no locks go on without one, or raise `unknown`."""
    import fcntl  # noqa: PLC0415 - absent on Windows

    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise busy from None
            time.sleep(_POLL_S)
        except OSError as error:
            if unknown is not None:
                raise unknown from error
            return
        else:
            return
