"""A real server in a process of its own, over the toy encoder unless a test asks for another model."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.http import led_server

Run = Callable[..., "Server"]


@dataclass
class Server:
    """A running `qa-service serve`; `lines` is what it printed so far."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    port: int = 0
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "ready at " in line:
                self.port = urlsplit(line.split("ready at ")[1].strip()).port or 0
                self.ready.set()
        self.ready.set()

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        response = connection.getresponse()
        received = response.read()
        connection.close()
        return response.status, json.loads(received) if received else None

    def ask(self, question: str, **options: object) -> Any:
        status, body = self.request("POST", "/v1/ask", {"question": question, **options})
        assert status == 200, body
        return body

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "qa_service", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            # The whole group: gunicorn's worker must not outlive a killed parent.
            os.killpg(self.process.pid, sent)
        return self.process.wait(60)


@pytest.fixture
def run_server(tmp_path: Path, cache_dir: Path) -> Iterator[Run]:
    """Start servers on free ports; all end with the test."""
    started: list[Server] = []

    def run(*options: str, data: str = "data", model: str = "toy", **settings: str) -> Server:
        environment = dict(
            os.environ,
            QA_DATA_DIR=str(tmp_path / data), QA_CACHE_DIR=str(cache_dir), QA_MODEL=model, PYTHONUNBUFFERED="1",
            **settings,
        )  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "qa_service", "serve", "--port", "0", *options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        server = Server(process, environment)
        started.append(server)
        threading.Thread(target=server.read, daemon=True).start()
        assert server.ready.wait(180), server.lines
        assert server.port, server.lines
        return server

    yield run
    for server in started:
        server.stop(signal.SIGKILL)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[led_server.Run]:
    """Start servers over the fake engine, which are killed in the end."""
    started: list[led_server.Server] = []

    def start(**settings: str) -> led_server.Server:
        server = led_server.Server(tmp_path, **settings)
        started.append(server)
        server.make_ready()
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
