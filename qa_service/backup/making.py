"""Making a backup while articles are written and questions answered."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from qa_service.backup.archive import BLOCK, END, MANIFEST, Contents, Member, Shelved, header
from qa_service.backup.parts import Part, Parts, open_parts
from qa_service.backup.reading import looks_like_a_backup
from qa_service.errors import BadInput, Damaged, Unavailable
from qa_service.index.lost_writes import ensure_none_lost
from qa_service.store import catalog_file, files, visiting
from qa_service.store.catalog_file import Facts
from qa_service.store.journal import CATALOG
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.store.successor import root_of

CHUNK = 1024 * 1024
_NO_DIGEST = "0" * 64

Advance = Callable[[int, int], None]
"""Called as work goes on: with the bytes done since the last call, and those of the whole work."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: what it holds, how large its file is, and what was found wrong on the way."""

    contents: Contents
    bytes: int
    warnings: tuple[str, ...]


def make(data_dir: Path, file: Path, *, indexes: bool, advance: Advance) -> Made:
    """Back a data directory up into a file, which appears, or replaces an older backup, only when it is whole.

    Args:
        data_dir: may be in use by any number of processes.
        file: where to; beside it, `.NAME.partial` and `.NAME.catalogue` are written.
        indexes: whether the indexes are to be in it too, which are made again otherwise.
        advance: told of the progress.

    Errors:
        BadInput: there is nothing to back up, or `file` is something else than a backup.
        Unavailable: something cannot be read or written; what was at `file` before stays.
        Damaged: the catalogue is not sound, or has lost its last writes; likewise.
    """
    # What a restore that was interrupted has moved away is not nothing; and the catalogue would be made.
    with visiting.reading(data_dir):
        if not (root_of(data_dir) / CATALOG).is_file():
            raise BadInput(
                "there is nothing to back up", field=str(data_dir), remedy="name the data directory with --data"
            )
    try:
        _check_target(file)
        with closing(SqliteCatalog(data_dir)) as catalog:
            # It would take the place of a backup that has them.
            ensure_none_lost(catalog)
            with _draft(file) as draft:
                return _write(catalog, file, draft, indexes, advance)
    except OSError as error:
        raise Unavailable(
            f"the backup cannot be written: {error.strerror or error}", field=str(file), remedy="see to it, try again"
        ) from error


def _write(catalog: SqliteCatalog, file: Path, draft: BinaryIO, indexes: bool, advance: Advance) -> Made:
    twin = file.with_name(f".{file.name}.catalogue")
    twin.unlink(missing_ok=True)
    try:
        with ExitStack() as stack:
            facts, parts = _copied(stack, catalog, twin, indexes, advance)
            size = twin.stat().st_size
            copy = Part(CATALOG, size, stack.enter_context(twin.open("rb")))
            # Read by its descriptor from now on: whatever ends this process, nobody has to find and remove it.
            twin.unlink()
            total = size + _all_bytes(facts, parts)
            contents = _fill(
                draft, _contents(facts, parts, copy), _in_order(copy, parts), lambda done: advance(done, total)
            )
        return Made(contents, draft.tell(), parts.warnings)
    finally:
        twin.unlink(missing_ok=True)


def _copied(
    stack: ExitStack, catalog: SqliteCatalog, twin: Path, indexes: bool, advance: Advance
) -> tuple[Facts, Parts]:
    """Copy the catalogue as it is at one moment, and open what belongs to that."""
    with ExitStack() as reading:
        with catalog.writer_lock():
            connection = reading.enter_context(catalog.read())
            facts = catalog_file.read_facts(connection)
            parts = open_parts(stack, catalog.data_dir, catalog.root, facts, indexes=indexes)
        total = facts.bytes + _all_bytes(facts, parts)
        _check_room(twin.parent, total)
        catalog_file.copy(connection, twin, lambda done: advance(done, total))
    return facts, parts


def _contents(facts: Facts, parts: Parts, copy: Part) -> Contents:
    return Contents(
        service=_version(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        schema=facts.schema,
        index_format=parts.index_format,
        seq=facts.seq,
        collections=tuple(Shelved(name, articles, passages) for _, name, articles, passages in facts.collections),
        members=tuple(Member(part.name, part.bytes, _NO_DIGEST) for part in _in_order(copy, parts)),
    )


def _in_order(copy: Part, parts: Parts) -> tuple[Part, ...]:
    return (copy, *parts.small, *parts.segments, *parts.indexes)


def _all_bytes(facts: Facts, parts: Parts) -> int:
    return facts.bytes + sum(part.bytes for part in (*parts.small, *parts.segments, *parts.indexes))


def _fill(draft: BinaryIO, contents: Contents, parts: tuple[Part, ...], advance: Callable[[int], None]) -> Contents:
    """Write all members, and then over the manifest at the front the one that has their checksums."""
    now = int(time.time())
    manifest = contents.to_json()
    draft.write(header(MANIFEST, len(manifest), now))
    start = draft.tell()
    _pad(draft, draft.write(manifest))
    members = []
    for part in parts:
        draft.write(header(part.name, part.bytes, now))
        members.append(Member(part.name, part.bytes, _append(draft, part, advance)))
        _pad(draft, part.bytes)
    draft.write(END)
    end = draft.tell()
    whole = replace(contents, members=tuple(members))
    draft.seek(start)
    draft.write(whole.to_json())
    draft.seek(end)
    return whole


def _append(draft: BinaryIO, part: Part, advance: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    left = part.bytes
    while left:
        data = part.file.read(min(left, CHUNK))
        if not data:
            raise Damaged("a file became shorter while it was read", field=part.name, remedy="back up again")
        digest.update(data)
        draft.write(data)
        left -= len(data)
        advance(len(data))
    return digest.hexdigest()


def _pad(draft: BinaryIO, size: int) -> None:
    draft.write(bytes(-size % BLOCK))


def _check_target(file: Path) -> None:
    """Refuse to replace what is no backup."""
    if not file.parent.is_dir():
        raise BadInput("there is no such directory", field=str(file.parent))
    if file.is_symlink() or (file.exists() and not (file.is_file() and looks_like_a_backup(file))):
        raise BadInput(
            "there is something else than a backup by this name", field=str(file), remedy="name another file"
        )


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Unavailable(
            f"the backup takes {needed:,} bytes, there are {free:,} free", field=str(folder), remedy="make room"
        )


@contextmanager
def _draft(file: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `file`, durably, when it is complete; one writer at a time.

    Errors:
        Unavailable: another process writes it. BadInput: what is there is not a draft of this user.
    """
    path = file.with_name(f".{file.name}.partial")
    # Of its owner alone: it holds every text, and the hashes of the keys.
    with os.fdopen(_opened(path), "r+b") as draft:
        if not _is_ours(draft, path):
            raise Unavailable("another backup into this file is under way", field=str(file))
        try:
            draft.truncate()
            yield draft
            draft.flush()
            files.seal(path)
            files.rename(path, file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    files.sync_directory(file.parent)


def _opened(path: Path) -> int:
    """Open a draft of this user's, for it alone; be it what a backup left that was killed.

    Errors:
        BadInput: it is another user's, or leads to, or is another name of, a file that must not be overwritten.
    """
    planted = BadInput(
        "a backup writes here first, and somebody else has put something there",
        field=str(path),
        remedy="see what it is and remove it, or back up into a directory where nobody else can write",
    )
    try:
        # A pipe must not be waited for.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise planted from error
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink > 1:
            raise planted
        os.fchmod(descriptor, 0o600)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_ours(draft: BinaryIO, path: Path) -> bool:
    """Lock a draft; tell whether nobody else had, and it is still the one of that name."""
    import fcntl  # noqa: PLC0415 - absent on Windows

    try:
        fcntl.flock(draft, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return path.exists() and os.path.samestat(path.stat(), os.fstat(draft.fileno()))


def _version() -> str:
    try:
        return metadata.version("qa-service")
    except metadata.PackageNotFoundError:
        return "unknown"
