"""A server of the benchmark's own: started with the command line on a free port of this machine, asked, and ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

READY_WITHIN_S = 600


def command(*arguments: str) -> list[str]:
    """Give the command line of qa-service in this interpreter."""
    return [sys.executable, "-m", "qa_service", *arguments]


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of all lies at or under (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of the server: how long it took, seen from here, its status and its body."""

    ms: float
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the server's processes in MiB; of it, what files back, and what one shares with others."""

    resident: float
    anonymous: float
    mapped: float
    shared: float


@dataclass
class Server:
    """`qa-service serve` over a data directory, as a context.

    Attributes:
        environment: settings beside QA_DATA_DIR; the cache of questions is off unless they say otherwise.
        ready_s: from the start of the process until /readyz answered 200.
        exit_code: after the context, what it ended with.
    """

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    ready_s: float = 0.0
    exit_code: int | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it is ready; end the benchmark when it ends first."""
        # So that a benchmark that is stopped takes its server along.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.port = free_port()
        settings = {"QA_DATA_DIR": str(self.data), "QA_QUESTION_CACHE": "0", **self.environment}
        self._log = tempfile.TemporaryFile()
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command("serve", "--port", str(self.port)),
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        try:
            self._wait_ready(began)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.exit_code = self._process.returncode
        self._log.close()

    def _wait_ready(self, began: float) -> None:
        while time.perf_counter() - began < READY_WITHIN_S:
            if self._process.poll() is not None:
                self._log.seek(0)
                sys.exit(f"the server ended with {self._process.returncode}: {self._log.read()[-2000:].decode()}")
            try:
                if self.client().call("GET", "/readyz").status == 200:
                    self.ready_s = time.perf_counter() - began
                    return
            except OSError:
                pass
            time.sleep(0.02)
        sys.exit(f"the server was not ready within {READY_WITHIN_S} s")

    def client(self) -> Client:
        """Give a connection to it."""
        return Client(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120))

    def log(self) -> str:
        """Give what it has written to standard error so far."""
        # The server writes where this file stands, so that stays where it is.
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode(errors="replace")

    def memory(self) -> Memory:
        """Sum up the memory of its processes; pages that they share count once."""
        found = [sizes for process in _tree(self._process.pid) if (sizes := _sizes(process))]
        resident, anonymous = (sum(sizes[name] for sizes in found) for name in ("Pss", "Pss_Anon"))
        shared = max(sizes["Shared_Clean"] + sizes["Shared_Dirty"] for sizes in found)
        return Memory(resident, anonymous, resident - anonymous, shared)


@dataclass
class Client:
    """One kept-alive connection."""

    connection: http.client.HTTPConnection

    def call(self, method: str, path: str, body: object = None) -> Answered:
        """Send a request and read its answer, JSON where it is JSON."""
        data = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        raw = response.read()
        ms = (time.perf_counter() - began) * 1e3
        is_json = "json" in (response.getheader("Content-Type") or "")
        return Answered(ms, response.status, json.loads(raw) if is_json and raw else raw)

    def ask(self, question: str, collection: str, **given: object) -> Answered:
        """Ask a question; end the benchmark when it is not answered."""
        answered = self.call("POST", "/v1/ask", {"question": question, "collection": collection, **given})
        if answered.status != 200:
            sys.exit(f"a question got {answered.status}: {str(answered.body)[:300]}")
        return answered

    def delete(self, article_id: str, collection: str) -> Answered:
        """Delete an article."""
        return self.call("DELETE", f"/v1/articles/{quote(article_id, safe='')}?collection={quote(collection)}")


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drop_caches() -> bool:
    """Have the system forget what it keeps of files in memory; False where that is not allowed."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("1\n")
    except OSError:
        return False
    return True


def _sizes(process: int) -> dict[str, float]:
    """Read the memory of a process in MiB; nothing when it has ended."""
    sizes: dict[str, float] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]:
            name, size = line.split(":")
            sizes[name] = int(size.split()[0]) / 1024
    return sizes


def _tree(process: int) -> list[int]:
    """Give a process and its children, their children and so on."""
    found = [process]
    for one in found:
        with contextlib.suppress(OSError):  # it has just ended
            for task in Path(f"/proc/{one}/task").iterdir():
                found.extend(int(child) for child in (task / "children").read_text().split())
    return found
