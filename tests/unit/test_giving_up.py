"""When long work is given up: its client has gone, or it takes too long."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from qa_service.http.connections.giving_up import giving_up
from qa_service.http.connections.memory import Memory
from qa_service.http.connections.outgoing import Outgoing
from qa_service.http.failure import HttpProblem

LONG = 3600.0


@pytest.fixture
def ends() -> Iterator[tuple[Outgoing, socket.socket]]:
    ours, client = socket.socketpair()
    sock = Outgoing(ours.family, ours.type, ours.proto, fileno=ours.detach())
    sock.prepare(Memory(1_000_000), LONG, lambda: None)
    yield sock, client
    sock.end()
    client.close()


def test_it_goes_on_while_its_client_waits(ends: tuple[Outgoing, socket.socket]) -> None:
    sock, client = ends
    check = giving_up(sock, LONG)
    check()
    # Another request that comes already is still there afterwards.
    client.sendall(b"GET")
    check()
    assert sock.recv(10) == b"GET"


@pytest.mark.parametrize("how", ["closed", "cut"])
def test_nobody_waits_any_more(ends: tuple[Outgoing, socket.socket], how: str) -> None:
    sock, client = ends
    check = giving_up(sock, LONG)
    if how == "closed":
        client.close()
    else:
        sock.cut()
    with pytest.raises(HttpProblem) as problem:
        check()
    assert problem.value.status == 400


def test_a_connection_that_was_ended_is_gone(ends: tuple[Outgoing, socket.socket]) -> None:
    sock, _ = ends
    sock.end()
    assert sock.is_gone()


def test_it_takes_too_long(ends: tuple[Outgoing, socket.socket]) -> None:
    with pytest.raises(HttpProblem) as problem:
        giving_up(ends[0], -1.0)()
    assert (problem.value.status, problem.value.kind) == (503, "overloaded")
    assert int(problem.value.headers["Retry-After"]) >= 1
