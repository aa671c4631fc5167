"""Connections to a PostgreSQL server: how they are made, and a bounded number of them kept for use.

They are made by whoever needs one, so that while the server is away each use fails at once with the reason, and the
first one after it has come back succeeds.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from qa_service.errors import ConfigError, Unavailable
from qa_service.masking import PERCENT, has_loose_password
from qa_service.store.postgres import telling
from qa_service.store.postgres.pulse import KNOCK_S, Pulse, WatchedConnection
from qa_service.store.postgres.values import adapt

Raw: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

WAIT_S = 5.0
"""How long a use waits for a connection while all are in use."""
_STATEMENTS = 300
"""Prepared statements that a connection keeps: all there are."""
_OPTIONS = (
    "-c synchronous_commit=on -c timezone=UTC -c jit=off"
    # A connection that waits for its next use, or holds a lock meanwhile, is not the server's to end.
    " -c idle_session_timeout=0"
    # A machine that is gone without a word gives its locks back within half a minute: this is the server's side.
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 -c tcp_user_timeout=30000"
    # Few rows are wanted of large tables, each by an index; without statistics yet, the planner would read a table.
    " -c enable_hashjoin=off -c enable_mergejoin=off -c random_page_cost=1.1"
)
_DEFAULTS: dict[str, int | str] = {
    "connect_timeout": 3,
    # A server that is gone without a word is given up within some ten seconds, also in the middle of an answer.
    "keepalives": 1,
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}


class Server:
    """A database, by its address.

    Attributes:
        where: its address without user and password, for messages.
        name: what this process is called there, unless the address says otherwise.
    """

    def __init__(self, url: str) -> None:
        """Read an address.

        Errors:
            ConfigError: it cannot be read; what was given is not shown.
        """
        unread = ConfigError(
            "it cannot be read as the address of a database",
            field="QA_CATALOG",
            remedy=f"write postgresql://user:password@host:port/database; {PERCENT}",
        )
        if has_loose_password(url):
            raise unread
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            raise unread from None
        self._pulse = Pulse(self._knock)
        self._password = str(given.get("password") or "")
        # The parent's name for its children, and names of one's own, stay as the address has them.
        self.name = f"qa-service {socket.gethostname()}:{os.getpid()}"
        options = f"{given.get('options') or ''} {_OPTIONS}".strip()
        self._given = {
            "application_name": self.name,
            **_DEFAULTS,
            **given,
            "options": options,
            "client_encoding": "UTF8",
        }
        host = given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST") or "localhost"
        port = given.get("port") or os.environ.get("PGPORT") or 5432
        self.where = f"postgresql://{host}:{port}/{given.get('dbname') or os.environ.get('PGDATABASE') or ''}"

    def connect(self) -> Raw:
        """Make a connection, in which statements are transactions of their own unless one is begun.

        Errors:
            Unavailable: the server cannot be reached, or refuses.
        """
        if self._pulse.is_gone:
            raise Unavailable("PostgreSQL does not answer", field=self.where, remedy=telling.AGAIN)
        try:
            made = WatchedConnection.connect(**self._given, autocommit=True, prepare_threshold=2)  # type: ignore[arg-type]
        except psycopg.Error as error:
            if self._password and self._password in str(error):
                raise Unavailable("the database refuses the connection", field=self.where) from None
            telling.tell(error, self.where)
        made.pulse = self._pulse
        self._pulse.answered()
        made.prepared_max = _STATEMENTS
        adapt(made)
        return made

    def _knock(self) -> None:
        psycopg.connect(**{**self._given, "connect_timeout": KNOCK_S}).close()  # type: ignore[arg-type]


class Pool:
    """At most so many connections; those that nobody uses are kept open. Safe for threads."""

    def __init__(self, server: Server, size: int) -> None:
        self.server = server
        self._free = threading.BoundedSemaphore(size)
        self._size = size
        self._idle: list[Raw] = []
        self._lock = threading.Condition()
        self._used = 0
        self._closed = False

    def take(self, *, fresh: bool = False) -> Raw:
        """Take a connection, which `give_back` ends.

        Args:
            fresh: none that was open before: one of those has turned out to be broken, so others may be.

        Errors:
            Unavailable: none is free for long, or the server cannot be reached.
        """
        if not self._free.acquire(timeout=WAIT_S):
            raise Unavailable(
                f"all {self._size} connections to the database have been in use for {WAIT_S:.0f} s",
                field=self.server.where,
                remedy="try again in a moment; or raise QA_CATALOG_CONNECTIONS",
            )
        try:
            if self._closed:
                raise Unavailable("the catalogue is closed", field=self.server.where)
            if fresh:
                self.drop_idle()
            found = self._idle_or_new()
            with self._lock:
                self._used += 1
            return found
        except BaseException:
            self._free.release()
            raise

    def _idle_or_new(self) -> Raw:
        """Give a connection; where the server takes no more, wait for one in use: a pool is not told its share."""
        until = time.monotonic() + WAIT_S
        while True:
            with self._lock:
                if self._idle:
                    return self._idle.pop()
                used = self._used
            try:
                return self.server.connect()
            except telling.Full:
                with self._lock:
                    # One that was given back broken has left room at the server, so that it is asked again.
                    if not used or not self._one_less(used, until - time.monotonic()):
                        raise

    def _one_less(self, used: int, seconds: float) -> bool:
        """Wait, with the lock held, until one of those in use was given back."""
        return self._lock.wait_for(lambda: bool(self._idle) or self._used < used, seconds)

    def give_back(self, raw: Raw) -> None:
        """Have a connection kept for the next use, unless it is broken or in a transaction."""
        whole = not raw.closed and raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._lock:
            keep = whole and not self._closed
            if keep:
                self._idle.append(raw)
        if not keep:
            close(raw)
        with self._lock:
            self._used -= 1
            self._lock.notify()
        self._free.release()

    def drop_idle(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for raw in idle:
            close(raw)

    def close(self) -> None:
        """Close all connections, those in use when they are given back."""
        self._closed = True
        self.drop_idle()


def close(raw: Raw) -> None:
    """Close a connection, broken or not."""
    with contextlib.suppress(psycopg.Error):
        raw.close()
