"""A catalogue as a file that nobody writes: what it holds, whether it opens, and copies of one in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qa_service.errors import Damaged, Unavailable
from qa_service.store.journal import CATALOG

_PAGES = 2048
"""Pages copied at a time, 8 MB of 4 KB each."""
_REMEDY = "use another backup"


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A vector segment as the catalogue has it: `records` vectors of `dim` floats are committed."""

    id: int
    dim: int
    records: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a catalogue says of itself.

    Attributes:
        schema: how many migrations it has seen.
        seq: its last write.
        collections: row, name, articles and passages of each, in order of the rows.
        segments: its vector segments.
        bytes: how large its file is.
    """

    schema: int
    seq: int
    collections: tuple[tuple[int, str, int, int], ...]
    segments: tuple[SegmentRow, ...]
    bytes: int


def read_facts(connection: sqlite3.Connection) -> Facts:
    """Read them inside the caller's transaction, which the first read begins.

    Errors:
        Damaged: they cannot be read.
    """
    try:
        return _facts(connection)
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        raise Damaged(
            f"the catalogue cannot be read: {error}", field=CATALOG, remedy="restore it from another backup"
        ) from error


def _facts(connection: sqlite3.Connection) -> Facts:
    def one(statement: str) -> int:
        return int(connection.execute(statement).fetchone()[0])

    return Facts(
        seq=one("SELECT value FROM meta WHERE key = 'seq'"),
        schema=one("PRAGMA user_version"),
        collections=tuple(
            (int(row), str(name), int(articles), int(passages))
            for row, name, articles, passages in connection.execute(
                "SELECT row, name, articles, passages FROM collections ORDER BY row"
            )
        ),
        segments=tuple(SegmentRow(*row) for row in connection.execute("SELECT id, dim, records FROM segments")),
        bytes=one("PRAGMA page_count") * one("PRAGMA page_size"),
    )


@contextmanager
def unwritten(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a catalogue file that nobody writes meanwhile, without leaving anything beside it.

    Errors:
        Damaged: it is not a catalogue; also for what is found out while it is read.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            yield connection
    except sqlite3.DatabaseError as error:
        raise Damaged(f"the catalogue cannot be read: {error}", field=path.name, remedy=_REMEDY) from error


def opens(data_dir: Path) -> None:
    """Try whether the catalogue of a data directory can be read.

    Errors:
        Damaged: it cannot.
    """
    with unwritten(data_dir / CATALOG) as connection:
        read_facts(connection)


def settle_log(data_dir: Path) -> None:
    """Bring what is in a catalogue's log into its file; nobody else has it open.

    Errors:
        Damaged: it cannot be read. Unavailable: it cannot be written.
    """
    path = data_dir / CATALOG
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as open_:
            busy, _, _ = open_.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        raise Unavailable(f"the catalogue cannot be opened: {error}", field=str(path)) from error
    except sqlite3.DatabaseError as error:
        raise Damaged(f"the catalogue cannot be read: {error}", field=str(path), remedy=_REMEDY) from error
    if busy:
        raise Unavailable("the catalogue's log is still in use", field=str(path))


def copy(connection: sqlite3.Connection, target: Path, advance: Callable[[int], None]) -> None:
    """Copy what the caller's read transaction sees to a file, and check that the copy is sound.

    The backup goes on within that transaction, so that the copy is of one moment, whatever is written meanwhile.

    Args:
        connection: in a read transaction that has read something.
        target: a file that does not exist yet; it is its owner's alone, and not made durable.
        advance: called with the bytes copied since the last call.

    Errors:
        Damaged: the catalogue is not sound. OSError: the file cannot be made.
    """
    page = int(connection.execute("PRAGMA page_size").fetchone()[0])
    done = 0

    def progress(_status: int, remaining: int, total: int) -> None:
        nonlocal done
        advance((total - remaining - done) * page)
        done = total - remaining

    # SQLite would let the umask decide who may read it, and follow a link that somebody put there.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(target, isolation_level=None)) as twin:
        # The copy is thrown away after a crash, so nothing has to be undone or waited for.
        twin.execute("PRAGMA journal_mode = OFF")
        twin.execute("PRAGMA synchronous = OFF")
        try:
            connection.backup(twin, pages=_PAGES, progress=progress)
        except sqlite3.DatabaseError as error:
            raise Damaged(
                f"the catalogue cannot be copied: {error}", field=CATALOG, remedy="restore it from an earlier backup"
            ) from error
    check(target)


def check(path: Path) -> None:
    """Have SQLite look through the whole file.

    Errors:
        Damaged: it found something.
    """
    with unwritten(path) as connection:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise Damaged(f"the catalogue is damaged: {found}", field=CATALOG, remedy="restore it from an earlier backup")
