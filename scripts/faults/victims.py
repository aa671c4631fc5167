"""Processes to be killed: a server with its worker and its errands, and commands beside it."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from served import command, free_port

READY_WITHIN_S = 120.0
Aim = Literal["group", "worker", "master", "errand"]


class NoAnswer(Exception):
    """The connection broke, or nothing listens."""


@dataclass
class Victim:
    """A server in a process group of its own.

    Attributes:
        directory: where its log goes, and `data` is.
        environment: settings beside QA_DATA_DIR.
        warnings: what /readyz said when it was ready.
        ready_s: from the start until then.
    """

    directory: Path
    environment: Mapping[str, str]
    port: int = 0
    ready_s: float = 0.0
    warnings: list[str] = field(default_factory=list)
    state: str = ""

    def start(self) -> bool:
        """Start it; tell whether it became ready."""
        began = time.perf_counter()
        self._spawn()
        return self.wait_ready(began)

    def start_and_kill(self, after_s: float) -> None:
        """Start it and kill it after a while, ready or not."""
        self._spawn()
        time.sleep(after_s)
        self.end()

    def _spawn(self) -> None:
        self.port = free_port()
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command("serve", "--port", str(self.port)),
                env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        # Whatever ends the script must not leave a server behind.
        atexit.register(_end_group, self._process.pid)

    def wait_ready(self, began: float | None = None) -> bool:
        """Wait until it is ready; False if it ended, failed to load or takes too long, `state` tells why."""
        began = time.perf_counter() if began is None else began
        while time.perf_counter() - began < READY_WITHIN_S:
            if self._process.poll() is not None:
                self.state = f"ended with code {self._process.returncode}: {self.last_words()}"
                return False
            with contextlib.suppress(NoAnswer):
                status, body = self.call("GET", "/readyz")
                if status == 200:
                    self.ready_s = time.perf_counter() - began
                    self.warnings, self.state = body["warnings"], body["status"]
                    return True
                self.state = problem(body)
                if "being loaded" not in self.state and "stopping" not in self.state:
                    return False
            time.sleep(0.02)
        self.state = f"not ready within {READY_WITHIN_S:.0f} s: {self.state}"
        return False

    def call(self, method: str, path: str, body: object = None, timeout: float = 120) -> tuple[int, Any]:
        """Send one request over a connection of its own.

        Errors:
            NoAnswer: none came, or only a part of one.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            response = connection.getresponse()
            raw = response.read()
            return response.status, json.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(repr(error)) from error
        finally:
            connection.close()

    def kill(self, aim: Aim, rng: random.Random) -> bool:
        """Kill it, or that part of it; tell whether the server has to be started again."""
        parts = processes(self._process.pid)[1:]
        errands = [pid for pid in parts if b"errand_process" in _command_line(pid)]
        workers = [pid for pid in parts if pid not in errands]
        if aim == "errand" and errands:
            _kill(rng.choice(errands))
            return False
        if aim == "worker" and workers:
            _kill(workers[0])
            return False
        if aim == "master":
            _kill(self._process.pid)
        else:
            self.end()
        self._process.wait()
        return True

    def end(self, sent: signal.Signals = signal.SIGKILL) -> None:
        """End all that is left of it."""
        _end_group(self._process.pid, sent)
        atexit.unregister(_end_group)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)

    def errand_runs(self) -> bool:
        """Tell whether a process of its own works on jobs or compacts."""
        return any(b"errand_process" in _command_line(pid) for pid in processes(self._process.pid)[1:])

    def log(self) -> str:
        """Give what it and those before it printed."""
        return (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        """Give the last line of the log."""
        return (self.log().strip().splitlines() or [""])[-1][:300]


def start_command(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start a command of qa-service in a group of its own."""
    return subprocess.Popen(
        command(*arguments),
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def run_command(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a command of qa-service; give its exit code and what it printed."""
    process = start_command(environment, *arguments)
    printed, _ = process.communicate(timeout=600)
    return process.returncode, printed.strip()


def article_path(article_id: str, collection: str) -> str:
    """Give the path of an article in the API."""
    return f"/v1/articles/{quote(article_id, safe='')}?collection={quote(collection)}"


def problem(body: Any) -> str:
    """Give what an error's body says, with its remedy."""
    if not isinstance(body, dict):
        return str(body)[:300]
    remedies = [str(one["remedy"]) for one in body.get("errors", ()) if isinstance(one, dict) and one.get("remedy")]
    return "; ".join([str(body.get("detail", body)), *remedies])[:400]


def processes(pid: int) -> list[int]:
    """Give a process and its children, their children and so on."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):  # it has just ended
            for task in Path(f"/proc/{one}/task").iterdir():
                found.extend(int(child) for child in (task / "children").read_text().split())
    return found


def _end_group(pid: int, sent: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, sent)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
