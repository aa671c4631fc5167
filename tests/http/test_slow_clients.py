"""Clients that send or read as slowly as they can: they hold no thread, and not for ever."""

from __future__ import annotations

import http.client
import json
import resource
import select
import socket

import pytest

from qa_service.http.connections.limits import MOST_CONNECTIONS
from tests.http.led_server import PATIENCE, Run, Server, answer_of, request_of

pytestmark = pytest.mark.http

ASK = request_of("/v1/ask", {"question": "hello"})
HEAD_END = ASK.index(b"\r\n\r\n") + 4
SLOW = 30
"""Connections, to a server of one thread."""


@pytest.mark.parametrize("sent", [0, 1, 20, HEAD_END - 1, HEAD_END, HEAD_END + 5, len(ASK) - 1])
def test_half_a_request_holds_no_thread(run: Run, sent: int) -> None:
    server = run(QA_THREADS="1")
    slow = [server.connect(ASK[:sent]) for _ in range(SLOW)]
    for _ in range(3):
        assert server.call("POST", "/v1/ask", {"question": "hello"})[0] == 200
    # And is served like any other when the rest has come.
    for connection in slow:
        connection.sendall(ASK[sent:])
        answer = answer_of(connection)
        assert (answer.status, json.loads(answer.read())["question"]) == (200, "hello")


def test_a_request_that_comes_byte_by_byte_is_answered(run: Run) -> None:
    connection = run(QA_THREADS="1").connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for place in range(len(ASK)):
        connection.sendall(ASK[place : place + 1])
    assert answer_of(connection).status == 200


@pytest.mark.parametrize(("sent", "status"), [(ASK[:20], 408), (ASK[:-1], 408), (b"", None)])
def test_a_request_that_does_not_come_is_given_up(run: Run, sent: bytes, status: int | None) -> None:
    connection = run(QA_READ_SECONDS="0.5").connect(sent)
    if status is None:
        assert connection.recv(1) == b""
        return
    answer = answer_of(connection)
    assert (answer.status, answer.headers["Connection"]) == (status, "close")
    assert json.loads(answer.read())["type"] == "urn:qa-service:problem:too-slow"
    assert connection.recv(1) == b""


def test_a_body_that_ends_before_its_end_is_refused(run: Run) -> None:
    connection = run().connect(ASK[:-3])
    connection.shutdown(socket.SHUT_WR)
    answer = answer_of(connection)
    assert answer.status == 400
    assert json.loads(answer.read())["errors"][0]["field"] == "body"


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(run: Run) -> None:
    head, body = ASK[:HEAD_END].replace(b"Host: localhost", b"Host: localhost\r\nExpect: 100-continue"), ASK[HEAD_END:]
    connection = run().connect(head)
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert answer_of(connection).status == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(run: Run) -> None:
    head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: 9999999999\r\n"
    server = run()
    for more in (b"", b"Expect: 100-continue\r\n"):
        connection = server.connect(head + more + b"\r\n")
        answer = answer_of(connection)
        assert (answer.status, answer.headers["Connection"]) == (413, "close")
        assert answer.read()


@pytest.mark.parametrize("more", [b"Content-Length: 60000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_without_a_key_no_large_body_is_read(run: Run, more: bytes) -> None:
    server = run(QA_API_KEY="the-key")
    part = b"".join(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" for _ in range(20))
    for path, key in ((b"/v1/articles", b""), (b"/v1/chat/completions", b"Authorization: Bearer another\r\n")):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + more + key
        # What is not there yet will not come: the answer does not wait for it.
        connection = server.connect(head + b"\r\n" + part)
        answer = answer_of(connection)
        assert (answer.status, answer.headers["Connection"]) == (401, "close")
        assert ("error" in json.loads(answer.read())) is (path == b"/v1/chat/completions")
    body = json.dumps({"articles": [{"id": "a", "text": "x" * 1_000_000}]}).encode()
    if b"chunked" in more:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        more = b"Content-Length: %d\r\n" % len(body)
    head = b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + more
    connection = server.connect(head + b"Authorization: Bearer the-key\r\n\r\n" + body)
    assert answer_of(connection).status == 200


def big_article(server: Server) -> tuple[bytes, bytes]:
    """Store a large article; give the request for it and what answers it."""
    assert server.call("POST", "/v1/articles", {"articles": [{"id": "big", "text": "0123456789" * 500_000}]})[0] == 200
    status, body = server.call("GET", "/v1/articles/big")
    assert status == 200
    return b"GET /v1/articles/big HTTP/1.1\r\nHost: localhost\r\n\r\n", body


def test_an_answer_that_is_not_read_holds_no_thread_and_is_whole_when_it_is(run: Run) -> None:
    server = run(QA_THREADS="1", QA_QUEUE="1")
    request, whole = big_article(server)
    for _ in range(3):
        unread = server.connect(request, buffer=4096)
        # Were the thread held, this one would wait for it until it is refused.
        assert unread.recv(1, socket.MSG_PEEK)
        assert server.call("POST", "/v1/ask", {"question": "hello"})[0] == 200
        answer = answer_of(unread)
        assert answer.read() == whole
        unread.sendall(ASK)
        assert answer_of(unread).status == 200


def test_an_answer_that_is_never_read_is_given_up(run: Run) -> None:
    server = run(QA_READ_SECONDS="0.5")
    request, whole = big_article(server)
    unread = server.connect(request, buffer=4096)
    other = server.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer_of(other).read()
    with pytest.raises((OSError, http.client.IncompleteRead)):
        # It is looked at again only when it was cut.
        while select_closed(unread):
            pass
        assert len(answer_of(unread).read()) == len(whole)


def select_closed(connection: socket.socket) -> bool:
    """Wait for the end of a connection without reading what has come; False once it has ended."""
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    events = poller.poll(PATIENCE * 1000)
    assert events
    return not events[0][1] & (select.POLLRDHUP | select.POLLHUP | select.POLLERR)


def test_idle_connections_hold_no_thread_and_make_room_for_others(run: Run) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * MOST_CONNECTIONS:
        pytest.skip("so many connections cannot be had here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * MOST_CONNECTIONS), hard))
    # None is given up for its slowness meanwhile.
    server = run(QA_THREADS="1", QA_READ_SECONDS="600")
    idle = [server.connect() for _ in range(MOST_CONNECTIONS + 100)]
    assert server.call("POST", "/v1/ask", {"question": "hello"})[0] == 200
    assert idle[0].recv(1) == b""
    idle[-1].sendall(ASK)
    assert answer_of(idle[-1]).status == 200
    for connection in idle:
        connection.close()
