"""A server process over the fake engine, led by files in its directory: see fake_server.py."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60
Run = Callable[..., "Server"]
"""Starts a server with settings, and waits until it is ready."""


class Server:
    """A server process of its own group, and the directory by which its engine is led."""

    def __init__(self, place: Path, **settings: str) -> None:
        self.place = place
        self.log = place / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "http" / "fake_server.py"), str(place)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "QA_SAMPLES": "0", **settings},
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

    def connect(self, data: bytes = b"", buffer: int = 0) -> socket.socket:
        """Open a connection, send these bytes and keep it; with a small buffer, little is taken unread."""
        connection = socket.socket()
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(data)
        return connection

    def stop(self, sign: signal.Signals) -> int:
        """Send a signal to the whole group, as a terminal or a supervisor does; return the exit code."""
        os.killpg(self.process.pid, sign)
        return self.process.wait(PATIENCE)


def request_of(path: str, body: object, *, method: str = "POST") -> bytes:
    """Write a request."""
    data = json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def answer_of(connection: socket.socket) -> http.client.HTTPResponse:
    """Read the head of an answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer
