"""The catalogue in a PostgreSQL database: its transactions, and the one writer's lock that all services share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from qa_service.errors import Superseded, Unavailable
from qa_service.store import directory_use, files, whereabouts
from qa_service.store.catalog import Catalog, Connection, Mine, WriteTransaction
from qa_service.store.kept import Kept
from qa_service.store.postgres import locks, migrating, telling
from qa_service.store.postgres.connection import PostgresConnection, Reading, Writing
from qa_service.store.postgres.server import Pool, Raw, Server, close
from qa_service.store.postgres.vectors import PostgresSegments


class PostgresCatalog(Catalog):
    """A database, and the data directory of this service. Safe for threads: each has a transaction of its own.

    Indexes are files of the data directory, in a folder that is named for the database.
    """

    def __init__(self, url: str, data_dir: Path, connections: int) -> None:
        """Open the catalogue, making or migrating it as needed.

        Args:
            url: the address of the database.
            data_dir: the directory; it is made if need be.
            connections: at most so many are used for reading; one more writes.

        Errors:
            Unavailable: the database cannot be reached, or the directory not be used. Incompatible: a newer version of
            the service made it. ConfigError: the address cannot be read.
        """
        server = Server(url)
        self.data_dir = data_dir
        self.where = server.where
        self._server = server
        self._pool = Pool(server, connections)
        self._writer = locks.WriterLock(server)
        self._local = threading.local()
        self._kept = Kept()
        try:
            files.make_data_directory(data_dir)
            self._use = directory_use.shared(data_dir)
        except OSError as error:
            raise Unavailable(
                f"cannot use the data directory: {error.strerror or error}",
                field=str(data_dir),
                remedy="name a writable directory with --data or QA_DATA_DIR",
            ) from error
        with contextlib.ExitStack() as failed:
            failed.callback(self.close)
            identity = migrating.prepare(server)
            self.root = data_dir / f"postgresql-{identity[:8]}"
            files.make_directory(self.root)
            failed.pop_all()

    @property
    def kept(self) -> Kept:
        """What readers remember together."""
        return self._kept

    def segments(self) -> PostgresSegments:
        """Give the vectors in the same database."""
        return PostgresSegments(self)

    @contextlib.contextmanager
    def read(self) -> Iterator[PostgresConnection]:
        """Give this thread a connection inside one read transaction; see `Catalog`."""
        open_: PostgresConnection | None = getattr(self._local, "connection", None)
        if open_ is not None:
            yield open_
            return
        reading = Reading(self._pool, self._kept)
        self._local.connection = reading
        try:
            yield reading
        finally:
            self._local.connection = None
            reading.end()

    @contextlib.contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """Run one durable write transaction; see `Catalog`."""
        raw: Raw | None = getattr(self._local, "writer", None)
        assert raw is not None, "the writer's lock is not held"
        writing = Writing(raw, self.where)
        self._local.connection = writing
        try:
            yield WriteTransaction(writing, writing.begin())
            writing.commit()
        finally:
            self._local.connection = None
            writing.undo()

    @contextlib.contextmanager
    def writer_lock(self) -> Iterator[None]:
        """Hold the one writer's lock; see `Catalog`."""
        with telling.of_files(self.data_dir), self._writer.held() as raw:
            self._local.writer = raw
            try:
                yield
            finally:
                self._local.writer = None

    def jobs_lock(self) -> AbstractContextManager[Mine]:
        """Be the only one of all services who works on jobs."""
        return locks.free(self._server, locks.JOBS)

    def instance(self) -> str:
        """Give the numbers of cluster, database and table, of which every copy but one of the disk has others."""
        with self.read() as connection:
            numbers = "SELECT oid, 'meta'::regclass::oid FROM pg_database WHERE datname = current_database()"
            database, table = connection.execute(numbers).fetchone()
            # Looked at first: a refusal would end the transaction.
            allowed = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"
            cluster = ""
            if connection.execute(allowed).fetchone()[0]:
                cluster = str(connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0])
        return whereabouts.joined(cluster, str(database), str(table))

    def is_in_charge(self) -> bool:
        """Say yes: a database has no successor."""
        return True

    def has_successor(self) -> bool:
        """Say no."""
        return False

    def others(self) -> list[str]:
        """Name the other processes of the service that are connected to the database: their hosts and numbers."""
        with self.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT application_name FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'qa-service %' AND application_name <> ?"
                " ORDER BY application_name",
                (self._server.name,),
            ).fetchall()
        return [str(name).removeprefix("qa-service ") for (name,) in rows]

    def ensure_at(self, root: Path) -> None:
        """Make sure that this is the database whose indexes are in a folder; see `Catalog`."""
        if self.root != root:
            raise Superseded("another database has this address now", field=self.where, remedy="restart the service")

    def integrity_problems(self) -> list[str]:
        """Find nothing: PostgreSQL verifies what it reads, and `check` reads everything."""
        return []

    def text_as_found(self) -> AbstractContextManager[set[bytes]]:
        """Find nothing: PostgreSQL takes and gives no text that is not UTF-8."""
        return contextlib.nullcontext(set())

    def read_all_text(self, connection: Connection) -> None:
        """Do nothing; see `text_as_found`."""

    def shrink(self) -> None:
        """Have the places of what was deleted used again; others may write meanwhile.

        Until then, and in the server's log and backups, it lies there for who administers the database.
        """
        raw = self._server.connect()
        try:
            with telling.told(self.where):
                raw.execute(f"VACUUM {', '.join(migrating.own_tables())}", prepare=False)
        finally:
            close(raw)

    def seal(self) -> None:
        """Refuse: no other index can take the place of this one."""
        raise Unavailable("a database has no successor", field=self.where)

    def forget_kept(self) -> None:
        """Forget what readers remember of rows."""
        self._kept.passages.clear()

    def release(self) -> None:
        """Do nothing: a thread keeps no connection beyond a transaction."""

    def close(self) -> None:
        """Close every connection; see `Catalog`."""
        self._pool.close()
        self._writer.close()
        self._use.release()
