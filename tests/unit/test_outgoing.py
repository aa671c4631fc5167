"""The socket that keeps what its client does not take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from qa_service.http.connections.memory import OWN, Memory, Share
from qa_service.http.connections.outgoing import LONGEST, Outgoing

LONG = 30.0
BIG = bytes(range(256)) * 20_000


class Pair:
    """A connection: ours, and the client's end of it."""

    def __init__(self, memory: Memory) -> None:
        ours, self.client = socket.socketpair()
        self.woken = threading.Event()
        self.sock = Outgoing(ours.family, ours.type, ours.proto, fileno=ours.detach())
        self.sock.prepare(memory, LONG, self.woken.set)
        self.client.settimeout(LONG)

    def receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            self.sock.flush()
            received += self.client.recv(1_000_000)
        return received


@pytest.fixture
def memory() -> Memory:
    return Memory(16_000_000)


@pytest.fixture
def pair(memory: Memory) -> Iterator[Pair]:
    made = Pair(memory)
    yield made
    made.sock.end()
    made.client.close()


def test_what_fits_is_sent_at_once(pair: Pair) -> None:
    pair.sock.sendall(b"hello")
    assert pair.client.recv(10) == b"hello"
    assert pair.sock.waiting == 0
    assert not pair.woken.is_set()


def test_what_does_not_fit_is_kept_in_order_and_nobody_waits(pair: Pair) -> None:
    pair.sock.sendall(BIG)
    pair.sock.sendall(b"end")
    assert pair.woken.is_set()
    assert pair.sock.waiting > 0
    assert not pair.sock.flush()
    assert pair.receive(len(BIG) + 3) == BIG + b"end"
    assert pair.sock.flush()
    assert pair.sock.waiting == 0


def test_a_writer_far_ahead_waits_until_there_is_room(pair: Pair) -> None:
    given = 0
    while pair.sock.waiting <= LONGEST:
        pair.sock.sendall(BIG)
        given += len(BIG)
    before = pair.sock.waiting
    writer = threading.Thread(target=lambda: pair.sock.sendall(b"end"))
    writer.start()
    time.sleep(0.01)
    assert pair.sock.waiting == before
    assert pair.receive(given + 3).endswith(b"end")
    writer.join(LONG)
    assert not writer.is_alive()


def test_a_writer_far_ahead_of_a_client_that_is_given_up_gets_an_error(pair: Pair) -> None:
    while pair.sock.waiting <= LONGEST:
        pair.sock.sendall(BIG)
    failed: list[OSError] = []

    def write() -> None:
        try:
            pair.sock.sendall(b"end")
        except OSError as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    pair.sock.cut()
    writer.join(LONG)
    assert isinstance(failed[0], BrokenPipeError)
    assert pair.sock.broken
    assert pair.sock.waiting == 0


def test_a_client_has_its_time_and_more_when_it_takes_something(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert not pair.sock.is_stalled(now + 10 * LONG)
    pair.sock.sendall(BIG)
    assert not pair.sock.is_stalled(now + LONG)
    assert pair.sock.is_stalled(now + LONG + 1)
    now += LONG
    assert pair.client.recv(100_000)
    pair.sock.flush()
    assert not pair.sock.is_stalled(now + 0.1)


def test_a_client_that_took_much_at_once_cannot_rest_for_longer(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pair.sock.sendall(BIG)
    pair.receive(len(BIG) // 2)
    assert pair.sock.waiting
    assert not pair.sock.is_stalled(now + LONG)
    assert pair.sock.is_stalled(now + LONG + 1)


def test_last_words_are_said_where_nothing_was(pair: Pair) -> None:
    assert pair.sock.last_words(b"bye")
    assert pair.client.recv(10) == b"bye"
    with pytest.raises(BrokenPipeError):
        pair.sock.sendall(b"too late")


def test_no_last_words_in_the_middle_of_an_answer(pair: Pair) -> None:
    pair.sock.sendall(b"begun")
    assert not pair.sock.last_words(b"bye")
    assert pair.client.recv(10) == b"begun"
    pair.sock.next_request()
    assert pair.sock.last_words(b"bye")


def test_last_words_to_a_client_that_has_gone_are_not_said(pair: Pair) -> None:
    pair.client.close()
    assert not pair.sock.last_words(b"bye")
    with pytest.raises(BrokenPipeError):
        pair.sock.sendall(b"too late")


def test_who_answers_cannot_end_the_connection(pair: Pair) -> None:
    with pytest.raises(OSError, match="not yours"):
        pair.sock.shutdown(socket.SHUT_RDWR)
    pair.sock.close()
    pair.sock.sendall(b"still here")
    assert pair.client.recv(20) == b"still here"


def test_all_connections_together_keep_no_more_than_there_is_memory_for() -> None:
    memory = Memory(len(BIG))
    pairs = [Pair(memory), Pair(memory)]
    pairs[0].sock.sendall(BIG)
    with pytest.raises(BrokenPipeError):
        pairs[1].sock.sendall(BIG)
    pairs[0].sock.cut()
    assert memory.take(len(BIG))
    for pair in pairs:
        pair.sock.end()
        pair.client.close()


def test_a_share_begins_with_what_is_its_own() -> None:
    memory = Memory(10)
    share = Share(memory)
    assert share.resize(OWN)
    assert share.resize(OWN + 10)
    other = Share(memory)
    assert not other.resize(OWN + 1)
    assert other.size == 0
    assert share.resize(5)
    assert other.resize(OWN + 10)
