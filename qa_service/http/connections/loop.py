"""The loop that owns the connections: it accepts, reads requests to their end, sends what waits, and ends the slow.

Everything but `events.call_soon` and `events.wake` belongs to the thread that runs it.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn.http.errors import ParseException

from qa_service.http.connections.connection import Connection, State
from qa_service.http.connections.events import READ, WRITE, Events
from qa_service.http.connections.incoming import Incoming
from qa_service.http.connections.limits import LONGEST_BODY, CutOff, Limits, NoRoom, TooSlow
from qa_service.http.connections.memory import Memory
from qa_service.http.connections.outgoing import Outgoing

_PIECE = 32 * 1024
_PIECE_OF_BODY = 256 * 1024
_ACCEPTED_AT_ONCE = 64
_NOTHING_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Why nobody can be accepted until something is closed."""
_CLOSING_BYTES = 64 * 1024


class Loop:
    """Serves connections.

    Parameters:
        serve: takes a connection whose request is whole; `finish` is called in the end.
        refuse: takes one whose request will not be read; it answers and calls `finish`.
        takes_large: see `Incoming`.
    """

    def __init__(
        self,
        cfg: Any,
        limits: Limits,
        serve: Callable[[Connection], None],
        refuse: Callable[[Connection, Exception], None],
        takes_large: Callable[[Any], bool],
        memory: Memory | None = None,
    ) -> None:
        self._receive = partial(Incoming, cfg, takes_large=takes_large)
        self._limits = limits
        self._serve = serve
        self._refuse = refuse
        self._memory = memory or Memory()
        self.events = Events()
        self.connections: set[Connection] = set()
        self._paused: list[socket.socket] = []

    def listen(self, listener: socket.socket) -> None:
        """Accept connections from a listening socket."""
        self.events.listen(listener, partial(self._accept, listener))

    def run(self, seconds: float) -> None:
        """Wait for events so long at most and handle those that have come."""
        for connection, events in self.events.wait(seconds):
            if events & WRITE and connection in self.connections:
                self._write(connection)
            if events & READ and connection in self.connections:
                self._read(connection)

    def sweep(self) -> None:
        """End the connections whose time is over, and look again whom there is room for."""
        now = time.monotonic()
        while self._paused:
            self.listen(self._paused.pop())
        for connection in list(self.connections):
            if connection.sock.is_stalled(now):
                # A thread may still be writing to it; it gets an error and finishes.
                connection.sock.cut()
                if connection.state is State.SENDING:
                    self._close(connection)
            elif connection.state is State.READING and connection.is_late(now):
                if connection.incoming.begun:
                    self._refuse(connection, TooSlow())
                else:
                    self._close(connection)
            elif connection.state is State.CLOSING and connection.is_late(now):
                self._close(connection)

    def finish(self, connection: Connection, *, keep: bool) -> None:
        """Go on with a connection whose request was answered: send what waits, then read on or end it."""
        if connection not in self.connections:
            return
        connection.keep = keep and not connection.sock.broken
        connection.state = State.SENDING
        connection.incoming.release()
        if not connection.keep:
            connection.incoming.surplus = b""
        connection.share.resize(len(connection.incoming.surplus))
        self._go_on(connection)

    def close(self) -> None:
        """Close everything."""
        for connection in list(self.connections):
            self._close(connection)
        self.events.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                client, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _NOTHING_LEFT:  # the client has gone already
                    continue
                if not self._make_room():
                    # The system would tell of those who wait again and again.
                    self.events.pause(listener)
                    self._paused.append(listener)
                return
            if len(self.connections) >= self._limits.connections:
                self._make_room()
            sock = Outgoing(client.family, client.type, client.proto, fileno=client.detach())
            connection = Connection(self._receive, sock, address, listener.getsockname(), self._memory, self._limits)
            wake = partial(self.events.call_soon, partial(self._watch_writing, connection))
            sock.prepare(self._memory, self._limits.read, wake)
            self.connections.add(connection)
            self.events.watch(connection, READ)

    def _make_room(self) -> bool:
        """End the connection that has gone longest without bringing its request, or taking its answer, to an end.

        Returns:
            Whether there was one.
        """
        for state in (State.CLOSING, State.READING, State.SENDING):
            found = [connection for connection in self.connections if connection.state is state]
            if found:
                self._close(min(found, key=lambda connection: connection.since))
                return True
        return False

    def _read(self, connection: Connection) -> None:
        if connection.state not in (State.READING, State.CLOSING):
            # Of no interest until it has its answer.
            self.events.watch(connection, connection.events & ~READ)
            return
        try:
            piece = connection.sock.recv(_PIECE if connection.incoming.request is None else _PIECE_OF_BODY)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece and connection.state is State.READING and connection.incoming.request is not None:
            self._refuse(connection, CutOff())
        elif not piece:
            self._close(connection)
        elif connection.state is State.READING:
            self._take(connection, piece)
        else:
            connection.drained += len(piece)
            connection.pace.moved(len(piece), time.monotonic())
            if connection.drained > (LONGEST_BODY if connection.incoming.truncated else _CLOSING_BYTES):
                self._close(connection)

    def _take(self, connection: Connection, piece: bytes) -> None:
        incoming, now = connection.incoming, time.monotonic()
        if not incoming.begun:
            connection.since = now
            connection.pace.begin(now)
        connection.pace.moved(len(piece), now)
        try:
            incoming.feed(piece)
        except ParseException as error:
            self._refuse(connection, error)
            return
        if not connection.share.resize(incoming.size):
            incoming.truncated = True
            self._refuse(connection, NoRoom())
            return
        try:
            if incoming.wants_continue:
                incoming.wants_continue = False
                connection.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.sock.next_request()
        except OSError:
            self._close(connection)
            return
        if incoming.whole:
            connection.state = State.WAITING
            self._serve(connection)

    def _write(self, connection: Connection) -> None:
        try:
            done = connection.sock.flush()
        except OSError:
            connection.sock.cut()
            connection.keep = False
            done = True
        if done:
            self.events.watch(connection, connection.events & ~WRITE)
            if connection.state is State.SENDING:
                self._go_on(connection)

    def _watch_writing(self, connection: Connection) -> None:
        if connection in self.connections and connection.sock.waiting:
            self.events.watch(connection, connection.events | WRITE)

    def _go_on(self, connection: Connection) -> None:
        if connection.sock.waiting:
            self.events.watch(connection, connection.events | WRITE)
            return
        if not connection.keep:
            self._close_gently(connection)
            return
        surplus = connection.incoming.surplus
        connection.read_next()
        self.events.watch(connection, 0 if surplus else READ)
        if surplus:
            # Not at once: a client may send any number of requests in a row.
            self.events.call_soon(partial(self._take_surplus, connection, surplus))

    def _take_surplus(self, connection: Connection, surplus: bytes) -> None:
        if connection in self.connections:
            self.events.watch(connection, READ)
            self._take(connection, surplus)

    def _close_gently(self, connection: Connection) -> None:
        """Send the end and read on until the client has seen it: else what it still sends would undo the answer."""
        connection.state = State.CLOSING
        connection.since = time.monotonic()
        connection.pace.begin(connection.since)
        try:
            connection.sock.finish_sending()
        except OSError:
            self._close(connection)
            return
        self.events.watch(connection, READ)

    def _close(self, connection: Connection) -> None:
        self.events.watch(connection, 0)
        self.connections.discard(connection)
        connection.incoming.release()
        connection.share.resize(0)
        connection.sock.end()
