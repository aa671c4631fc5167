"""One transaction in a PostgreSQL database, behind the interface of a catalogue's connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from qa_service.errors import Superseded, Unavailable
from qa_service.store import migrating
from qa_service.store.catalog import Cursor, number_of_writes
from qa_service.store.kept import Kept
from qa_service.store.postgres import telling
from qa_service.store.postgres.server import Pool, Raw
from qa_service.store.postgres.statements import arranged, translated

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresConnection:
    """What every function of the store takes; see `Connection`. Used by one thread, for one transaction."""

    def __init__(self, where: str, kept: Kept) -> None:
        self.where = where
        self.kept = kept
        self.reading = False
        self._raw: Raw | None = None
        self._sequence: int | None = None

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run a statement; all its rows are here when this returns."""
        text, lists = translated(statement)
        try:
            cursor = self._begun().cursor(binary=True)
            cursor.execute(text, arranged(lists, parameters))
        except psycopg.Error as error:
            telling.tell(error, self.where)
        return cursor

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each row of values, without waiting for one after the other."""
        text, lists = translated(statement)
        with telling.told(self.where), self._begun().cursor() as cursor:
            cursor.executemany(text, [arranged(lists, row) for row in rows])
        return None

    def numbered(self, statement: str, rows: Iterable[Sequence[Any]], /) -> list[int]:
        """Run an INSERT for each row of values; see `Connection`."""
        text, lists = translated(statement)
        numbers: list[int] = []
        with telling.told(self.where), self._begun().cursor(binary=True) as cursor:
            given = [arranged(lists, row) for row in rows]
            if not given:
                return numbers
            cursor.executemany(text, given, returning=True)
            while True:
                numbers.extend(number for (number,) in cursor.fetchall())
                if not cursor.nextset():
                    return numbers

    def sequence(self) -> int:
        """Read the sequence number of the last write; a read transaction asks once."""
        if self._sequence is None or not self.reading:
            self._sequence = number_of_writes(self, self.where, "restore the database from a backup")
        return self._sequence

    def last_number(self, table: str, column: str) -> int:
        """Read the highest number that a column has given; see `Connection`."""
        statement = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass), 0)"
        return int(self.execute(statement, (table, column)).fetchone()[0])

    def number_on(self, table: str, column: str, last: int) -> None:
        """Set it; see `Connection`."""
        if last:
            self.execute("SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)", (table, column, last))

    def _begun(self) -> Raw:
        assert self._raw is not None, "the transaction has ended"
        return self._raw


class Reading(PostgresConnection):
    """A read transaction: one view of the database, which begins with its first statement."""

    def __init__(self, pool: Pool, kept: Kept) -> None:
        super().__init__(pool.server.where, kept)
        self._pool = pool
        self.reading = True

    def _begun(self) -> Raw:
        if self._raw is None:
            raw = self._pool.take()
            try:
                raw.execute(_READ, prepare=False)
            except psycopg.Error:
                # It was open since before the server was started anew: nothing was read yet, so another will do.
                self._pool.give_back(raw)
                raw = self._pool.take(fresh=True)
                try:
                    raw.execute(_READ, prepare=False)
                except BaseException:
                    self._pool.give_back(raw)
                    raise
            self._raw = raw
        return self._raw

    def end(self) -> None:
        """End the transaction."""
        raw, self._raw, self.reading = self._raw, None, False
        if raw is not None:
            with contextlib.suppress(psycopg.Error):  # a broken connection is closed by whom it is given to
                raw.execute("ROLLBACK", prepare=False)
            self._pool.give_back(raw)


class Writing(PostgresConnection):
    """A write transaction on the connection that holds the writer's lock."""

    def __init__(self, raw: Raw, where: str) -> None:
        super().__init__(where, Kept())
        self._raw = raw

    def begin(self) -> int:
        """Begin it; return its sequence number."""
        with telling.told(self.where):
            self._begun().execute("BEGIN", prepare=False)
        self._ensure_format()
        seq = self.sequence() + 1
        self.execute("UPDATE meta SET value = ? WHERE key = 'seq'", (str(seq),))
        return seq

    def commit(self) -> None:
        """End it; what was written is on the server's disk then."""
        raw = self._begun()
        try:
            raw.execute("COMMIT", prepare=False)
        except psycopg.Error as error:
            if error.diag.severity_nonlocalized != "ERROR":  # no answer came, and nobody knows what it was
                raise Unavailable(
                    "the connection was lost while the write was ending: it may have been done",
                    field=self.where,
                    remedy="do it again once PostgreSQL can be reached: what was done is found done",
                ) from error
            telling.tell(error, self.where)
        self._raw = None

    def _ensure_format(self) -> None:
        """Refuse to write tables that a later version of the service has migrated since they were opened.

        Errors:
            Superseded: they are not those that this version knows.
        """
        [(found,)] = self.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() or [(None,)]
        known = len(migrating.migrations())
        if found != str(known):
            raise Superseded(
                f"the tables have format {found} now, this version writes {known}",
                field=self.where,
                remedy="install the version of qa-service that migrated them, and restart",
            )

    def undo(self) -> None:
        """End it without a trace; does nothing where it has ended."""
        raw, self._raw = self._raw, None
        if raw is not None:
            with contextlib.suppress(psycopg.Error):
                raw.execute("ROLLBACK", prepare=False)
