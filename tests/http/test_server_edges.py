"""gunicorn around the application: what only a real socket shows, over the fake engine."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.http

ROOT = Path(__file__).parents[2]
PATIENCE = 60


class Server:
    """A server process of its own group, and the directory by which its engine is led."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.log = place / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "http" / "fake_server.py"), str(place)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "QA_SAMPLES": "0"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.port = int(self.wait_for_line(r"will be at http://127\.0\.0\.1:(\d+)"))

    def wait_for_line(self, pattern: str) -> str:
        """Wait until the log has this; return its first group, or all of it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log.read_text(encoding="utf-8"))
            if found:
                return found.group(found.lastindex or 0)
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            time.sleep(0.02)
        raise AssertionError(f"no line {pattern!r} in:\n{self.log.read_text(encoding='utf-8')}")

    def wait_for_file(self, name: str) -> None:
        """Wait until the engine has made this file."""
        deadline = time.monotonic() + PATIENCE
        while not (self.place / name).exists():
            assert time.monotonic() < deadline, f"no {name}"
            time.sleep(0.02)

    def make_ready(self) -> None:
        """Let the engine open and wait until the server says so."""
        (self.place / "open").touch()
        self.wait_for_line("ready at http")

    def call(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send one request with a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def raw(self, data: bytes) -> tuple[int, dict[str, object]]:
        """Send these bytes; return the status and the JSON of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.headers["Content-Type"].endswith("json")
            return answer.status, json.loads(answer.read())

    def stop(self, sign: signal.Signals) -> int:
        """Send a signal to the whole group, as a terminal or a supervisor does; return the exit code."""
        os.killpg(self.process.pid, sign)
        return self.process.wait(PATIENCE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
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
        b"POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    server.make_ready()
    for data, status in (
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /v1/articles/%FF HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (chunked + b"zz\r\n{}\r\n0\r\n\r\n", 400),
    ):
        found, problem = server.raw(data)
        assert (found, problem["status"]) == (status, status)
        assert problem["errors"]
    body = b'{"question":"a"}'
    assert server.raw(chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))[0] == 200


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
    threading.Thread(target=lambda: ask_in_vain(server), daemon=True).start()
    server.wait_for_file("asked")
    assert server.stop(sign) == 0


def ask_in_vain(server: Server) -> None:
    """Ask what will not be answered."""
    with pytest.raises((OSError, http.client.HTTPException)):
        server.call("POST", "/v1/ask", {"question": "wait"})


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
