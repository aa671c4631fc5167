"""Chat answers that stream: how many at once, that nobody has to read them, and how they end with the service."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.conftest import Run, Server
from tests.http.fake_generator import FakeGenerator, serving
from tests.http.led_server import PATIENCE, answer_of, request_of

pytestmark = pytest.mark.http

CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。"


@pytest.fixture
def generator() -> Iterator[FakeGenerator]:
    with serving() as fake:
        yield fake


def start(run_server: Run, generator: FakeGenerator, **settings: str) -> Server:
    given = {"QA_GENERATOR_URL": generator.url, "QA_GENERATOR_MODEL": "m", "QA_GENERATOR_TIMEOUT": "600"}
    server = run_server(**given, **settings)
    status, body = server.request("POST", "/v1/articles", {"articles": [{"id": "a1", "text": CLINIC}]})
    assert status == 200, body
    return server


def chat(server: Server, **more: Any) -> socket.socket:
    question = {"role": "user", "content": "第二社区医院的院长是谁？"}
    body = {"model": "qa-default", "messages": [question], "qa": {"min_confidence": 0}, "stream": True, **more}
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(request_of("/v1/chat/completions", body))
    return connection


def read_until(connection: socket.socket, wanted: str) -> bytes:
    received = b""
    while wanted.encode() not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_a_stream_beyond_those_at_once_is_refused_until_one_ends(run_server: Run, generator: FakeGenerator) -> None:
    server = start(run_server, generator, QA_STREAMS="2")
    waiting = threading.Event()
    generator.pieces = ["答案是", waiting, "林月华[1]。"]
    streams = [chat(server) for _ in range(2)]
    for stream in streams:
        read_until(stream, "答案是")
    refused = answer_of(chat(server))
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert json.loads(refused.read())["error"]["code"] == "overloaded"
    assert server.request("POST", "/v1/ask", {"question": "院长是谁？"})[0] == 200
    waiting.set()
    for stream in streams:
        read_until(stream, "[DONE]")
    while answer_of(chat(server)).status != 200:
        pass


def test_streams_that_nobody_reads_end_all_the_same(run_server: Run, generator: FakeGenerator) -> None:
    server = start(run_server, generator, QA_STREAMS="1")
    generator.pieces = ["林月华是院长。"] * 2000
    unread = chat(server)
    assert unread.recv(1, socket.MSG_PEEK)
    # There is one place: the next stream gets it when the first has ended, read or not.
    while answer_of(other := chat(server)).status != 200:
        other.close()
    other.close()
    assert read_until(unread, "[DONE]").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("streaming", [True, False])
def test_an_answer_that_goes_on_when_the_time_to_stop_is_over_says_so(
    run_server: Run, generator: FakeGenerator, streaming: bool
) -> None:
    server = start(run_server, generator, QA_STOP_SECONDS="2")
    generator.pieces = ["答案是", threading.Event()]
    connection = chat(server, stream=streaming)
    if streaming:
        read_until(connection, "答案是")
    else:
        while not generator.requests:
            threading.Event().wait(0.02)
    os.kill(server.process.pid, signal.SIGTERM)
    if streaming:
        rest = read_until(connection, "0\r\n\r\n")
        error = json.loads(rest.split(b"data: ")[-1].split(b"\n")[0])["error"]
    else:
        answer = answer_of(connection)
        assert answer.status == 503
        error = json.loads(answer.read())["error"]
    assert error["code"] == "stopping"
    assert server.process.wait(PATIENCE) == 0


def test_a_stream_that_ends_in_time_ends_whole(run_server: Run, generator: FakeGenerator) -> None:
    server = start(run_server, generator, QA_STOP_SECONDS="600")
    waiting = threading.Event()
    generator.pieces = ["答案是", waiting, "林月华[1]。"]
    connection = chat(server)
    read_until(connection, "答案是")
    os.kill(server.process.pid, signal.SIGTERM)
    while server.request("GET", "/readyz")[0] != 503:
        pass
    waiting.set()
    assert b"error" not in read_until(connection, "[DONE]")
    assert server.process.wait(PATIENCE) == 0
