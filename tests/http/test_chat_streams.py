"""Chat over real connections: many streams at once, clients that leave, and the key."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.http.chat_frames import frames_of, text_of
from tests.http.conftest import Run, Server
from tests.http.fake_generator import FakeGenerator, serving

pytestmark = pytest.mark.http

CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号。"
STREAMS = 32


@pytest.fixture
def generator() -> Iterator[FakeGenerator]:
    with serving() as fake:
        yield fake


def body_of(question: str = "第二社区医院的院长是谁？", **more: Any) -> bytes:
    options = {"min_confidence": 0}
    body = {"model": "qa-default", "messages": [{"role": "user", "content": question}], "qa": options, **more}
    return json.dumps(body).encode()


def stream(server: Server) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", "/v1/chat/completions", body_of(stream=True), {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status == 200
    data = response.read()
    connection.close()
    return data


def open_request(server: Server, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def read_until(connection: socket.socket, wanted: str) -> None:
    received = b""
    while wanted.encode() not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece


def start(run_server: Run, **settings: str) -> Server:
    server = run_server(**settings)
    status, body = server.request("POST", "/v1/articles", {"articles": [{"id": "a1", "text": CLINIC}]})
    assert status == 200, body
    return server


def test_many_streams_at_once_lose_nothing(run_server: Run) -> None:
    server = start(run_server)
    with ThreadPoolExecutor(STREAMS) as pool:
        texts = {text_of(frames_of(data)) for data in pool.map(lambda _: stream(server), range(STREAMS))}
    assert len(texts) == 1
    assert "林月华" in texts.pop()


def test_streams_that_wait_for_a_generator_hold_each_other_up_in_nothing(
    run_server: Run, generator: FakeGenerator
) -> None:
    server = start(run_server, QA_GENERATOR_URL=generator.url, QA_GENERATOR_MODEL="m", QA_GENERATOR_TIMEOUT="60")
    waiting = threading.Event()
    generator.pieces = ["答案是", waiting, "林月华[1]。"]
    connections = [open_request(server, body_of(stream=True)) for _ in range(STREAMS)]
    for connection in connections:
        read_until(connection, "答案是")
    # All of them are under way, and others are still answered.
    assert server.request("GET", "/healthz")[0] == 200
    waiting.set()
    for connection in connections:
        read_until(connection, "[DONE]")
        connection.close()


@pytest.mark.parametrize("streaming", [True, False])
def test_when_the_client_leaves_the_generator_is_stopped(
    run_server: Run, generator: FakeGenerator, streaming: bool
) -> None:
    server = start(run_server, QA_GENERATOR_URL=generator.url, QA_GENERATOR_MODEL="m", QA_GENERATOR_TIMEOUT="600")
    generator.pieces = ["院长是", threading.Event()]
    connection = open_request(server, body_of(stream=streaming))
    if streaming:
        read_until(connection, "院长是")
    else:
        while not generator.requests:
            threading.Event().wait(0.02)
    assert not generator.gone.is_set()
    connection.close()
    assert generator.gone.wait(30)
    assert server.request("GET", "/healthz")[0] == 200


def test_the_key_is_asked_for_in_each_protocols_own_shape(run_server: Run) -> None:
    server = run_server(QA_API_KEY="right-key")

    def call(path: str, key: str | None, body: bytes | None = b"{}") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Content-Type": "application/json"} | ({"Authorization": key} if key else {})
        connection.request("POST" if body is not None else "GET", path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")

    for key in (None, "Bearer wrong", "right-key", "Basic right-key"):
        status, native = call("/v1/ask", key)
        assert (status, native["errors"][0]["field"]) == (401, "Authorization")
        status, openai = call("/v1/chat/completions", key, body_of())
        assert (status, openai["error"]["code"]) == (401, "invalid_api_key")
        assert call("/v1/nothing", key)[0] == 401
        status, dify = call("/retrieval", key)
        assert (status, dify["error_code"]) == (403, 1002 if key == "Bearer wrong" else 1001)
    assert call("/v1/chat/completions", "Bearer right-key", body_of())[0] == 200
    assert call("/v1/collections", "bearer right-key", None)[0] == 200
    assert call("/openapi.json", None, None)[0] == 401
    assert call("/openapi.json", "Bearer right-key", None)[0] == 200
    for path in ("/healthz", "/readyz"):
        assert call(path, None, None)[0] == 200
