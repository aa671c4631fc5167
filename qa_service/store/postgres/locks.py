"""Locks that services share: PostgreSQL's advisory locks, which end with the connection that holds them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import psycopg
from psycopg import errors

from qa_service.errors import Unavailable
from qa_service.store import writer_lock
from qa_service.store.postgres import telling
from qa_service.store.postgres.server import Raw, Server, close

_KIND = 0x51415356
WRITER, FORMAT, JOBS = 1, 2, 3
_HOLDER = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class WriterLock:
    """The one writer's lock of a database, on a connection that writes with it: who loses one loses both."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._mine = threading.Lock()
        self._raw: Raw | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[Raw]:
        """Hold the lock; give the connection that has it.

        Errors:
            Unavailable: another thread or service has had it for very long, or the server cannot be reached.
        """
        if not self._mine.acquire(timeout=writer_lock.LOCK_TIMEOUT_S):
            raise self._busy("another thread of this process")
        try:
            with telling.told(self._server.where):
                raw = self._locked()
            try:
                yield raw
            finally:
                self._unlock(raw)
        finally:
            self._mine.release()

    def close(self) -> None:
        """Close the connection; whoever writes is cut off."""
        raw, self._raw = self._raw, None
        if raw is not None:
            close(raw)

    def _locked(self) -> Raw:
        raw = self._raw
        if raw is not None and not raw.closed:
            try:
                self._wait(raw)
                return raw
            except psycopg.OperationalError:
                # Open since before the server was started anew; or waited for, and then it is whole.
                if not raw.closed:
                    raise
        raw = self._raw = self._server.connect()
        self._wait(raw)
        return raw

    def _wait(self, raw: Raw) -> None:
        limit = max(1, round(writer_lock.LOCK_TIMEOUT_S * 1000))
        try:
            statements = f"SET lock_timeout = {limit}; SELECT pg_advisory_lock({_KIND}, {WRITER})"
            raw.execute(statements, prepare=False)
        except errors.LockNotAvailable:
            found = raw.execute(_HOLDER, (_KIND, WRITER)).fetchone()
            raise self._busy(f"another process ({found[0]})" if found else "another process") from None

    def _unlock(self, raw: Raw) -> None:
        try:
            raw.execute("SELECT pg_advisory_unlock_all()")
        except psycopg.Error:
            close(raw)

    def _busy(self, who: str) -> Unavailable:
        return Unavailable(
            f"{who} has been writing for over {writer_lock.LOCK_TIMEOUT_S:.0f} s",
            field=self._server.where,
            remedy="wait for it to end or stop it, then try again",
        )


@contextlib.contextmanager
def free(server: Server, number: int) -> Iterator[Callable[[], bool]]:
    """Hold a lock if nobody else does, on a connection of its own; what is given tells whether that is so still."""
    raw = server.connect()
    try:
        with telling.told(server.where):
            found = raw.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", (_KIND, number)).fetchone()
        mine = bool(found and found[0])
        yield lambda: mine and _answers(raw)
    finally:
        close(raw)


def _answers(raw: Raw) -> bool:
    try:
        raw.execute("SELECT 1", prepare=False)
    except psycopg.Error:
        return False
    return True


def wait_for(raw: Raw, number: int) -> None:
    """Hold a lock until the connection is closed."""
    raw.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (_KIND, number))
