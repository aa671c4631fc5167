"""Locks that services share: PostgreSQL's advisory locks, which end with the connection that holds them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

import psycopg
from psycopg import errors

from qa_service.errors import Unavailable
from qa_service.store import writer_lock
from qa_service.store.postgres import telling
from qa_service.store.postgres.server import Raw, Server, close

_KIND = 0x51415356
WRITER, FORMAT, JOBS = 1, 2, 3
IN_TRANSACTION_S = 120
"""How long who writes may say nothing within a transaction, before the server ends it with its lock."""
SILENT_S = 300
"""The same between the transactions of one batch, whose process says something all the while; see `_beating`."""
BEAT_S = 60.0
_HOLDER = (
    "SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
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
            remedy = "wait for it to end, or restart the service, then try again"
            raise _busy("another thread of this process has been writing", self._server.where, remedy)
        try:
            with telling.told(self._server.where):
                raw = self._locked()
            try:
                with _beating(raw):
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
        # Who stands still with the lock loses it: a machine that is suspended, a process that was stopped.
        limits = {"idle_in_transaction_session_timeout": IN_TRANSACTION_S, "idle_session_timeout": SILENT_S}
        _take(raw, WRITER, self._server.where, "has been writing", limits)

    def _unlock(self, raw: Raw) -> None:
        try:
            raw.execute("SELECT pg_advisory_unlock_all(); SET idle_session_timeout = 0", prepare=False)
        except psycopg.Error:
            close(raw)


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


def wait_for(raw: Raw, number: int, where: str, doing: str) -> None:
    """Hold a lock until the connection is closed.

    Parameters:
        where, doing: for the message: the database, and what whoever has the lock does so long.

    Errors:
        Unavailable: another service has had it for very long.
    """
    _take(raw, number, where, doing, {})


def _take(raw: Raw, number: int, where: str, doing: str, limits: Mapping[str, float]) -> None:
    """Wait for a lock, and set time limits for who holds it, in seconds."""
    given = {"lock_timeout": writer_lock.LOCK_TIMEOUT_S, **limits}
    statements = "".join(f"SET {name} = {max(1, round(limit * 1000))}; " for name, limit in given.items())
    try:
        raw.execute(f"{statements}SELECT pg_advisory_lock({_KIND}, {number})", prepare=False)
    except errors.LockNotAvailable:
        found = raw.execute(_HOLDER, (_KIND, number)).fetchone()
        who, remedy = "another process", "wait for it to end or stop it, then try again"
        if found:
            who = f"another process ({found[0]})"
            remedy += f"; if it hangs, have PostgreSQL end its connection: SELECT pg_terminate_backend({found[1]})"
        raise _busy(f"{who} {doing}", where, remedy) from None


@contextlib.contextmanager
def _beating(raw: Raw) -> Iterator[None]:
    """Have a connection say now and then that its process lives, however long the pauses between its transactions."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S) and not raw.closed:
            if raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                with contextlib.suppress(psycopg.Error):  # who writes is told of it
                    raw.execute("SELECT 1", prepare=False)

    thread = threading.Thread(target=beat, name="qa-writer-lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _busy(what: str, where: str, remedy: str) -> Unavailable:
    return Unavailable(f"{what} for over {writer_lock.LOCK_TIMEOUT_S:.0f} s", field=where, remedy=remedy)
