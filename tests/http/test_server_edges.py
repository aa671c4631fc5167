"""gunicorn around the application: what only a real socket shows, over the fake engine."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.led_server import PATIENCE, Server, answer_of, request_of

pytestmark = pytest.mark.http


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    running = Server(tmp_path, **getattr(request, "param", {}))
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGKILL)


def test_it_answers_while_it_loads(server: Server) -> None:
    assert server.call("GET", "/healthz") == (200, b'{"status":"ok"}')
    assert server.call("GET", "/readyz")[0] == 503
    server.make_ready()
    assert server.call("GET", "/readyz")[0] == 200


def test_requests_that_are_none_get_a_problem_document(server: Server) -> None:
    chunked = (
        b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    server.make_ready()
    for data, status in (
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /v1/articles/%FF HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (chunked + b"zz\r\n{}\r\n0\r\n\r\n", 400),
    ):
        found, problem = server.raw(data)
        assert (found, problem["status"]) == (status, status)
        assert problem["errors"]
    body = b'{"question":"a"}'
    assert server.raw(chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))[0] == 200


def test_a_client_that_sends_a_body_in_tiny_chunks_reads_why(server: Server) -> None:
    server.make_ready()
    head = b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, problem = server.raw(head + b"1\r\nx\r\n" * 300_000 + b"0\r\n\r\n")
    assert status == 400
    [said] = problem["errors"]
    assert (said["field"], said["remedy"]) == ("body", "send larger chunks, or a Content-Length")


def test_a_client_that_sends_too_much_reads_why(server: Server) -> None:
    server.make_ready()
    status, body = server.call("POST", "/v1/articles", {"articles": [{"text": "x" * 9_000_000}]})
    assert status == 413
    assert b"async=true" in body


def test_terminated_it_answers_what_it_has_begun(server: Server) -> None:
    server.make_ready()
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(server.call("POST", "/v1/ask", {"question": "wait"})))
    asking.start()
    server.wait_for_file("asked")
    os.killpg(server.process.pid, signal.SIGTERM)
    (server.place / "answer").touch()
    assert server.process.wait(PATIENCE) == 0
    asking.join(PATIENCE)
    assert [status for status, _ in answers] == [200]
    assert (server.place / "closed").exists()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_question_without_end_does_not_hold_it_up(server: Server, sign: signal.Signals) -> None:
    server.make_ready()
    threading.Thread(target=ask_in_vain, args=(server,), daemon=True).start()
    server.wait_for_file("asked")
    assert server.stop(sign) == 0


@pytest.mark.parametrize("server", [{"QA_THREADS": "6", "QA_STOP_SECONDS": "2"}], indirect=True)
def test_clients_that_have_gone_do_not_keep_others_from_the_last_words(server: Server) -> None:
    server.make_ready()
    asking = [server.connect(request_of("/v1/ask", {"question": "wait"})) for _ in range(6)]
    server.wait_for_file("asked-6")
    for gone in asking[1:]:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
    os.killpg(server.process.pid, signal.SIGTERM)
    answer = answer_of(asking[0])
    assert answer.status == 503
    assert b"stopping" in answer.read()
    assert server.process.wait(PATIENCE) == 0


def ask_in_vain(server: Server) -> None:
    """Ask what will not be answered: a server that stops says so in the end, one that stops at once is gone."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        status, body = server.call("POST", "/v1/ask", {"question": "wait"})
        assert status == 503
        assert b"stopping" in body


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("ready", [True, False])
def test_it_ends_quietly_and_closes_its_engine(server: Server, sign: signal.Signals, ready: bool) -> None:
    if ready:
        server.make_ready()
    assert server.call("GET", "/healthz")[0] == 200
    assert server.stop(sign) == 0
    assert (server.place / "closed").exists() is ready
    lines = server.log.read_text(encoding="utf-8").splitlines()
    # Ready, it says so and what readiness warns of.
    assert len(lines) == 2 + 2 * ready, lines
    assert re.search(r" INFO qa_service\.access \[[0-9a-f]{32}\]: 127\.0\.0\.1 GET /healthz 200 15 bytes ", lines[-1])


def test_a_path_cannot_forge_a_log_line(server: Server) -> None:
    server.make_ready()
    assert server.call("GET", "/a%0Aforged%20line%1B[31m")[0] == 404
    server.wait_for_line("GET /a%0Aforged%20line%1B")
    assert not [line for line in server.log.read_text(encoding="utf-8").splitlines() if line.startswith("forged")]
