"""The loop that owns the connections, driven step by step over real sockets."""

from __future__ import annotations

import errno
import gc
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gunicorn.config import Config

from qa_service.http.connections.connection import Connection, State
from qa_service.http.connections.limits import Limits, TooSlow
from qa_service.http.connections.loop import Loop
from qa_service.http.connections.memory import MEGABYTE, Memory

LONG = 30.0
SOME = 10 * MEGABYTE


class Failing(socket.socket):
    """A listening socket that fails to accept as often as is told."""

    errno = 0
    failures = 0
    tried = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise OSError(self.errno, "no")
        return super().accept()


class Driven:
    """A loop, a listening socket of its own, and what it found on its connections."""

    def __init__(self) -> None:
        self.memory = Memory(2 * SOME)
        self.whole: list[Connection] = []
        self.refused: list[Exception] = []
        self.loop = Loop(
            Config(), Limits(LONG, LONG, 100), self.whole.append, self._refuse, self._takes_large, self.memory
        )
        self.listener = Failing()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(100)
        self.loop.listen(self.listener)
        self.clients: list[socket.socket] = []

    def _takes_large(self, request: Any) -> bool:
        return "X-KNOWN" in dict(request.headers)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        self.refused.append(error)
        self.loop.finish(connection, keep=False)

    def connect(self, data: bytes = b"") -> socket.socket:
        """Open a connection and send what it begins with."""
        client = socket.create_connection(self.listener.getsockname())
        self.clients.append(client)
        client.settimeout(LONG)
        self.send(client, data)
        return client

    def send(self, client: socket.socket, data: bytes) -> None:
        """Send, with the loop reading meanwhile."""
        client.setblocking(False)
        while data:
            try:
                data = data[client.send(data) :]
            except BlockingIOError:
                self.loop.run(0.01)
        client.settimeout(LONG)

    def until(self, found: Callable[[], object]) -> None:
        """Let the loop run until this is so."""
        end = time.monotonic() + LONG
        while not found():
            assert time.monotonic() < end
            self.loop.run(0.01)


@pytest.fixture
def driven() -> Iterator[Driven]:
    made = Driven()
    yield made
    made.loop.close()
    for one in (made.listener, *made.clients):
        one.close()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Leave it to references alone what is freed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def request_of(size: int, more: bytes = b"") -> bytes:
    return b"POST /x HTTP/1.1\r\nX-Known: yes\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size + more


def free(memory: Memory) -> bool:
    """Tell whether all of it is free."""
    taken = memory.take(2 * SOME)
    if taken:
        memory.give(2 * SOME)
    return taken


def test_the_body_of_an_answered_request_is_gone_while_its_answer_goes_out(driven: Driven, no_collector: None) -> None:
    driven.connect(request_of(SOME))
    driven.until(lambda: driven.whole)
    connection = driven.whole.pop()
    received = weakref.ref(connection.incoming.request.body.reader)
    assert connection.incoming.size == SOME
    assert len(connection.incoming.request.body.read(100)) == 100
    connection.sock.sendall(b"y" * SOME)
    driven.loop.finish(connection, keep=False)
    assert connection.state is State.SENDING
    assert connection.incoming.size == 0
    assert received() is None


def test_what_was_sent_ahead_counts_while_it_is_kept(driven: Driven) -> None:
    ahead = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n" * 5000
    client = driven.connect()
    driven.until(lambda: driven.loop.connections)
    client.sendall(request_of(10, ahead))
    driven.until(lambda: driven.whole)
    connection = driven.whole.pop()
    kept = connection.incoming.surplus
    assert kept
    driven.loop.finish(connection, keep=True)
    assert connection.share.size == len(kept)
    driven.until(lambda: driven.whole)
    last = driven.whole.pop()
    driven.loop.finish(last, keep=False)
    assert (last.incoming.surplus, last.share.size) == (b"", 0)


def test_who_sent_much_at_once_is_given_up_as_soon_as_any_other(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven.connect(request_of(SOME)[:-1])
    driven.until(lambda: any(connection.incoming.size == SOME - 1 for connection in driven.loop.connections))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + LONG - 1)
    driven.loop.sweep()
    assert not driven.refused
    monkeypatch.setattr(time, "monotonic", lambda: now + LONG + 1)
    driven.loop.sweep()
    assert isinstance(driven.refused[0], TooSlow)
    assert free(driven.memory)


def test_large_bodies_of_those_who_may_not_send_them_take_nothing_of_the_memory(driven: Driven) -> None:
    stranger = request_of(3 * SOME).replace(b"X-Known: yes", b"X: y")
    # More than there is memory for, if it were kept.
    for _ in range(3):
        driven.connect(stranger[: SOME // 100])
    driven.until(lambda: len(driven.whole) == 3)
    assert free(driven.memory)
    assert all(connection.incoming.truncated for connection in driven.whole)
    driven.whole.clear()
    driven.connect(request_of(SOME))
    driven.until(lambda: driven.whole)
    assert driven.whole[0].incoming.request.body.read() == b"x" * SOME
    assert not driven.refused


def test_who_goes_before_being_accepted_ends_no_other(driven: Driven) -> None:
    driven.connect(request_of(5)[:-1])
    driven.until(lambda: driven.loop.connections)
    first = next(iter(driven.loop.connections))
    driven.listener.errno, driven.listener.failures = errno.ECONNABORTED, 3
    driven.connect()
    driven.until(lambda: len(driven.loop.connections) == 2)
    assert first in driven.loop.connections
    assert driven.listener.failures == 0


def test_where_files_are_short_the_oldest_that_waits_for_nothing_makes_room(driven: Driven) -> None:
    for _ in range(2):
        driven.connect()
    driven.until(lambda: len(driven.loop.connections) == 2)
    oldest = min(driven.loop.connections, key=lambda connection: connection.since)
    driven.listener.errno, driven.listener.failures = errno.EMFILE, 1
    driven.connect(request_of(5))
    driven.until(lambda: driven.whole)
    assert oldest not in driven.loop.connections
    assert len(driven.loop.connections) == 2


def test_where_files_are_short_and_nobody_makes_room_the_loop_rests_until_the_next_look(driven: Driven) -> None:
    driven.connect(request_of(5))
    driven.until(lambda: driven.whole)
    driven.listener.errno, driven.listener.failures = errno.EMFILE, 1000
    driven.connect(request_of(5))
    driven.listener.tried = 0
    driven.until(lambda: driven.listener.tried)
    for _ in range(5):
        driven.loop.run(0)
    assert driven.listener.tried == 1
    driven.loop.sweep()
    driven.until(lambda: driven.listener.tried == 2)
    driven.listener.failures = 0
    driven.loop.sweep()
    driven.until(lambda: len(driven.whole) == 2)


def test_nothing_outlives_the_end_of_a_connection(driven: Driven, no_collector: None) -> None:
    chunked = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts, wholes = (
        (request_of(SOME // 2)[:-1], chunked + b"9\r\nhe"),
        (request_of(5), chunked + b"1\r\nh\r\n0\r\n\r\n"),
    )
    for data in (*parts, *wholes):
        client = driven.connect(data)
        driven.until(lambda: driven.loop.connections)
        found = weakref.ref(next(iter(driven.loop.connections)))
        if data in wholes:
            driven.until(lambda: driven.whole)
            connection = driven.whole.pop()
            connection.sock.sendall(connection.incoming.request.body.read())
            driven.loop.finish(connection, keep=False)
            del connection
        client.close()
        driven.until(lambda: not driven.loop.connections)
        driven.refused.clear()
        assert found() is None
    assert free(driven.memory)
