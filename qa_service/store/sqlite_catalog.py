"""The catalogue as an SQLite file: its connections, their transactions, and the write sequence."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from qa_service.errors import Superseded, Unavailable
from qa_service.store import catalog_file, directory_use, files, migrating, replacement, soundness, telling, writer_lock
from qa_service.store import successor as successors
from qa_service.store.catalog import Catalog, Connection, Mine, WriteTransaction, number_of_writes
from qa_service.store.kept import Kept
from qa_service.store.segment_files import SegmentFiles
from qa_service.store.whereabouts import of_file

_STATEMENTS = 256
"""Prepared statements that a connection keeps: all there are, those for lists in each length; see `listed`."""


class SqliteConnection(sqlite3.Connection):
    """A connection to the file; see `Connection`.

    Attributes:
        path: the catalogue's file.
    """

    path: Path
    kept: Kept
    reading = False
    _sequence: int | None = None

    @property
    def where(self) -> str:
        """Name the file."""
        return str(self.path)

    def numbered(self, statement: str, rows: Iterable[Sequence[Any]], /) -> list[int]:
        """Run an INSERT for each row of values; see `Connection`."""
        return [self.execute(statement, row).fetchone()[0] for row in rows]

    def sequence(self) -> int:
        """Read the sequence number of the last write; a read transaction asks the file once."""
        if self._sequence is None or not self.reading:
            self._sequence = number_of_writes(self, "catalog.sqlite3", telling.RESTORE)
        return self._sequence

    def last_number(self, table: str, column: str) -> int:  # noqa: ARG002 - of a table that has one
        """Read the highest number that a table has given; see `Connection`."""
        found = self.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(found[0]) if found else 0

    def number_on(self, table: str, column: str, last: int) -> None:  # noqa: ARG002
        """Set it; see `Connection`."""
        self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))


class SqliteCatalog(Catalog):
    """The data directory's `catalog.sqlite3`. Safe for threads: each has its own connection.

    Attributes:
        data_dir: the directory.
        root: where in it catalogue, vectors and indexes are: the directory itself, or a successor's folder.
    """

    def __init__(self, data_dir: Path, *, successor: bool = False) -> None:
        """Open the catalogue that counts, making or migrating it as needed.

        Args:
            data_dir: the directory; it is made if need be.
            successor: open the successor's, which is being made; the caller holds its lock.

        Errors:
            Unavailable: the directory cannot be made or written, or a restore into it is under way.
            Incompatible: a newer version of the service made it.
            Damaged: the file is not a readable SQLite database.
        """
        self.data_dir = data_dir
        self._local = threading.local()
        self._opened: list[SqliteConnection] = []
        self._kept = Kept()
        self._opened_lock = threading.Lock()
        self._content: directory_use.DirectoryUse | None = None
        try:
            files.make_data_directory(data_dir)
            self._use = replacement.enter(data_dir, catalog_file.opens, catalog_file.settle_log)
            with contextlib.ExitStack() as failed:
                failed.callback(self.close)
                self._make_ready(successor=successor)
                failed.pop_all()
        except OSError as error:
            raise Unavailable(
                f"cannot use the data directory: {error.strerror or error}",
                field=str(data_dir),
                remedy="name a writable directory with --data or QA_DATA_DIR",
            ) from error
        except sqlite3.DatabaseError as error:
            telling.tell(error, self.path)

    def _make_ready(self, *, successor: bool) -> None:
        data_dir = self.data_dir
        self.root = successors.folder(data_dir) if successor else successors.root_of(data_dir)
        self._content = directory_use.content(data_dir) if self.root == data_dir else None
        if self._content is not None and successors.is_current(data_dir):
            raise _superseded(data_dir)
        self.path = self.root / "catalog.sqlite3"
        self.where = str(self.path)
        # Without the lock if nothing is to be done: to open is not to wait for another process that writes.
        if self._format() != len(migrating.migrations()):
            with self.writer_lock():
                migrating.migrate(self._connection(), self.path)
            files.sync_directory(self.root)
            files.sync_directory(self.root.parent)

    def instance(self) -> str:
        """Give where the file lies on its disk; see `Catalog`."""
        return of_file(self.path)

    def is_in_charge(self) -> bool:
        """Tell whether this is what counts; see `Catalog`."""
        return successors.root_of(self.data_dir) == self.root

    def has_successor(self) -> bool:
        """Tell whether there is one; see `Catalog`."""
        return successors.read_plan(self.data_dir) is not None

    def ensure_at(self, root: Path) -> None:
        """Make sure that this is the catalogue in a folder.

        Errors:
            Superseded: it is that of another index, which has taken its place.
        """
        if self.root != root:
            raise _superseded(self.data_dir)

    @contextlib.contextmanager
    def writer_lock(self) -> Iterator[None]:
        """Hold the one writer's lock of the data directory, across threads and processes, for one batch.

        Errors:
            Superseded: another index has taken this one's place. Unavailable: another process writes for very long,
            or writing failed.
        """
        place = self._locked_in()
        with writer_lock.held(place, self.data_dir), telling.of_writing(self.path, self.data_dir):
            if place == self.data_dir and successors.root_of(self.data_dir) != self.root:
                raise _superseded(self.data_dir)
            writer_lock.sign(place)
            yield

    def jobs_lock(self) -> AbstractContextManager[Mine]:
        """Be the only one who works on jobs; see `Catalog`."""
        return writer_lock.free(self.data_dir / "jobs.lock")

    @contextlib.contextmanager
    def read(self) -> Iterator[SqliteConnection]:
        """Give this thread's connection inside one read transaction: a consistent view. Nests.

        Errors:
            Damaged: SQLite finds that the file is not sound. Unavailable: it cannot be read now.
        """
        try:
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            connection.reading, connection._sequence = True, None
            try:
                yield connection
            finally:
                connection.reading = False
                connection.rollback()
        except sqlite3.Error as error:
            telling.tell(error, self.path)

    @contextlib.contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """Run one durable write transaction; the caller holds `writer_lock`. Committed on success, else undone."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        connection.kept = Kept()
        try:
            seq = connection.sequence() + 1
            connection.execute("UPDATE meta SET value = ? WHERE key = 'seq'", (str(seq),))
            yield WriteTransaction(connection, seq)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.kept = self._kept

    def integrity_problems(self) -> list[str]:
        """Ask SQLite to verify the whole file; return what it finds."""
        with self.read() as connection:
            return [message for (message,) in connection.execute("PRAGMA integrity_check") if message != "ok"]

    def text_as_found(self) -> AbstractContextManager[set[bytes]]:
        """Have this thread read text that is not UTF-8; see `Catalog`."""
        return soundness.text_as_found(self._connection())

    def read_all_text(self, connection: Connection) -> None:
        """Read every text of the catalogue."""
        soundness.read_all_text(connection)

    def segments(self) -> SegmentFiles:
        """Give the files of vectors beside the catalogue."""
        return SegmentFiles(self)

    def shrink(self) -> None:
        """Write the whole file anew without what was deleted, and empty the write-ahead log; see `erasing`.

        Errors:
            Unavailable: a reader kept the log in use for too long; the next call goes on.
        """
        with self.writer_lock():
            connection = self._connection()
            connection.execute("VACUUM")
            # Readers of what was before are waited for, for as long as the connection's time limit.
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise Unavailable(
                    "the catalogue's log is still being read",
                    field=str(self.path),
                    remedy="run `qa-service compact --erase` again",
                )

    @property
    def kept(self) -> Kept:
        """What readers remember together."""
        return self._kept

    def seal(self) -> None:
        """Have the file itself refuse every write from now on, also those of a service that knows of no successors.

        The caller holds the writer's lock.
        """
        self._connection().execute(
            "CREATE TRIGGER IF NOT EXISTS superseded BEFORE UPDATE ON meta"
            " BEGIN SELECT RAISE(ABORT, 'a rebuild has ended, and its index counts now: restart the service'); END"
        )

    def forget_kept(self) -> None:
        """Forget what readers remember of rows: the places of vectors have changed."""
        self._kept.passages.clear()

    def release(self) -> None:
        """Close the calling thread's connection, as a thread does that ends; the next use opens another."""
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            return
        self._local.connection = None
        with self._opened_lock:
            if connection in self._opened:
                self._opened.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection of every thread; the catalogue can't be used afterwards."""
        with self._opened_lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()
        if self._content is not None:
            self._content.release()
        self._use.release()

    def _locked_in(self) -> Path:
        """Give where the lock is: a successor that is still being made has one of its own."""
        made = self.root == self.data_dir or successors.is_current(self.data_dir)
        return self.data_dir if made else self.root

    def _connection(self) -> SqliteConnection:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Closed by whichever thread ends the service, hence check_same_thread off; each is used by one thread.
            connection = sqlite3.connect(
                self.path,
                isolation_level=None,
                timeout=60,
                check_same_thread=False,
                factory=SqliteConnection,
                cached_statements=_STATEMENTS,
            )
            connection.path, connection.kept = self.path, self._kept
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA mmap_size = 268435456")
            self._local.connection = connection
            with self._opened_lock:
                self._opened.append(connection)
        return connection

    def _format(self) -> int:
        return migrating.format_of(self._connection()) if self.path.exists() else 0


def _superseded(data_dir: Path) -> Superseded:
    return Superseded(
        "a rebuild has ended meanwhile, and its index counts now",
        field=str(data_dir),
        remedy="try again, with the model and the settings that it was made with",
    )
