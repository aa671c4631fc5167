"""The processes that a service past one machine needs: PostgreSQL, Milvus Lite, and services over both."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from served import command, free_port

from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer


class Killable(Protocol):
    """What can be killed and started again."""

    def kill(self) -> None:
        """End it at once."""

    def start(self) -> None:
        """Start it again, on what it had."""


@dataclass
class Service:
    """`qa-service serve` on a port of its own."""

    home: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers a moment later."""
        self.home.mkdir(exist_ok=True)
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command("serve", "--port", str(self.port)),
                env={**os.environ, "QA_DATA_DIR": str(self.home / "data"), **self.environment},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(60)


@dataclass
class Cluster:
    """All of them, by name."""

    services: list[Service]
    parts: dict[str, Killable]
    environment: dict[str, str]

    def problems(self, home: Path) -> str:
        """Run `qa-service check`; give what it says where it finds anything wrong."""
        environment = {**os.environ, "QA_DATA_DIR": str(home / "checked"), **self.environment}
        ran = subprocess.run(command("check"), env=environment, capture_output=True, text=True, check=False)
        return (ran.stdout + ran.stderr)[-1000:] if ran.returncode else ""


@contextlib.contextmanager
def started(home: Path, services: int, timeout_s: float) -> Iterator[Cluster]:
    """Start all of them, and end them afterwards."""
    # So that a run that is stopped takes all of it along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as stack:
        milvus = MilvusTestServer.private()
        stack.callback(milvus.close)
        postgres = PostgresServer.private(fsync=True)
        stack.callback(postgres.close)
        environment = {
            "QA_MODEL": "toy-64",
            "QA_INDEX": milvus.database(),
            "QA_CATALOG": stack.enter_context(postgres.database()),
            "QA_MILVUS_TIMEOUT": str(timeout_s),
            "QA_QUESTION_CACHE": "0",
            "QA_BACKGROUND": "thread",
        }
        made = [Service(home / f"service{one}", environment) for one in range(services)]
        for service in made:
            service.start()
            stack.callback(service.kill)
        named: dict[str, Killable] = {f"service {place}": service for place, service in enumerate(made)}
        yield Cluster(made, {"milvus": milvus, "postgres": postgres, **named}, environment)
