"""Where every file of ours that has to outlive a crash is written: whole, in one order, and so that tests can watch.

The order on which every acknowledgement rests:

1. A directory is made and its parent synced before anything is put into it.
2. Vectors are appended to a segment past its committed length, and the segment is synced. Only then the catalogue
   commits the rows that point at them, with the new length (SQLite: write-ahead log, `synchronous=FULL`, so that a
   commit is on disk when it returns). What was appended without a commit is overwritten by the next append.
3. The files of a generation are written under names that were never used before, and synced; then its manifest; then
   the directory that holds their names.
4. `CURRENT`, which names the manifest, is written under another name, synced and renamed; then its directory is
   synced. Only now the write is acknowledged. A crash before this leaves the generation before, and the next start
   publishes what the catalogue has beyond it.
5. What is superseded is removed last. Nothing waits for that to be on disk: what comes back after a crash is named by
   nobody, or names what is still there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qa_service.errors import Unavailable

Action = Literal["made directory", "wrote", "synced", "renamed", "synced directory", "removed"]


@dataclass(frozen=True, slots=True)
class Step:
    """An operation that was done. `target` is the new path of what was renamed."""

    action: Action
    path: Path
    target: Path | None = None


watchers: list[Callable[[Step], None]] = []
"""Told each step once it is done. Empty but in tests, which find out what a power cut after any step would leave."""


def make_data_directory(path: Path) -> None:
    """Make a data directory as `make_directory` does, for its owner alone: what is in it nobody else may read."""
    make_directory(path, 0o700)


def make_directory(path: Path, mode: int = 0o777) -> None:
    """Make a directory, with its parents, durably; nothing happens if it is there.

    Parameters:
        mode: its permissions, less the umask's; parents get what the umask leaves.
    """
    wanted = path
    missing: list[Path] = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode if directory == wanted else 0o777, exist_ok=True)
        _tell("made directory", directory)
        sync_directory(directory.parent)


def make_new_directory(path: Path) -> None:
    """Make a directory durably in one that is there.

    Errors:
        FileExistsError: there is something of that name.
    """
    path.mkdir()
    _tell("made directory", path)
    sync_directory(path.parent)


def create(path: Path, blocks: Iterable[bytes], mode: int) -> None:
    """Write a new file, whose content is durable then; its name is once its directory was synced.

    Parameters:
        mode: its permissions, less the umask's.

    Errors:
        FileExistsError: there is something of that name, be it a link that leads nowhere.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        _tell("wrote", path)
        os.fsync(file.fileno())
    _tell("synced", path)


def put(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file that appears whole or not at all; its name is durable once its directory was synced.

    Parameters:
        mode: its permissions, from before anything is in it; None leaves them to the umask.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            if mode is not None:
                temporary.chmod(mode)
            file.write(data)
            file.flush()
            _tell("wrote", temporary)
            os.fsync(file.fileno())
        _tell("synced", temporary)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _tell("renamed", temporary, path)


def append(path: Path, offset: int, blocks: Iterable[bytes]) -> None:
    """Cut a file off at an offset, which is not past its end, and write blocks from there on, durably."""
    with path.open("r+b") as file:
        file.truncate(offset)
        file.seek(0, os.SEEK_END)
        for block in blocks:
            file.write(block)
        file.flush()
        _tell("wrote", path)
        os.fsync(file.fileno())
    _tell("synced", path)


def fill(path: Path, blocks: Iterable[tuple[int, bytes]]) -> None:
    """Write blocks to their offsets in a file that is long enough, durably."""
    with path.open("r+b") as file:
        for offset, block in blocks:
            file.seek(offset)
            file.write(block)
        file.flush()
        _tell("wrote", path)
        os.fsync(file.fileno())
    _tell("synced", path)


def seal(path: Path) -> None:
    """Make durable what a library wrote into a file; its name is durable once its directory was synced."""
    _tell("wrote", path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    _tell("synced", path)


def adopt(path: Path) -> None:
    """Take note of a link to a file that is durable already under another name."""
    _tell("wrote", path)
    _tell("synced", path)


def move(source: Path, target: Path) -> None:
    """Give a complete directory its name, durably; its own entries were synced before. Both are in one directory."""
    source.rename(target)
    _tell("renamed", source, target)
    sync_directory(target.parent)


def rename(source: Path, target: Path) -> None:
    """Give a file or directory another name, in whichever directory; durable once one of both was synced."""
    source.rename(target)
    _tell("renamed", source, target)


def remove(path: Path) -> None:
    """Remove a file, or a directory with all that is in it; it may be gone, or come back after a crash."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    _tell("removed", path)


def remove_for_good(paths: Iterable[Path], directory: Path) -> None:
    """Remove what is in a directory; all of it is gone then, and does not come back.

    Errors:
        Unavailable: something cannot be removed.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            remove(path)
        if os.path.lexists(path):
            raise Unavailable(
                "it holds what was deleted or is not needed any more, and cannot be removed",
                field=str(path),
                remedy="see to it that the files of the data directory belong to the user of the service and are"
                " writable, then try again",
            )
    sync_directory(directory)


def sync_directory(path: Path) -> None:
    """Make renames, removals and new names in a directory durable, where the file system can do that."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems know no such thing; they keep names in their own way.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
    _tell("synced directory", path)


def sync_tree(folder: Path) -> None:
    """Make a directory durable with all that is in it, whoever wrote that; its name is in its parent's keeping."""
    below = [path for path in sorted(folder.rglob("*")) if not path.is_symlink()]
    for path in below:
        if path.is_file():
            seal(path)
    for path in reversed(below):
        if path.is_dir():
            sync_directory(path)
    sync_directory(folder)


def _tell(action: Action, path: Path, target: Path | None = None) -> None:
    for watcher in watchers:
        watcher(Step(action, path, target))
