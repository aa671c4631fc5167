"""Running processes that several tests share: the service itself, and `qa-service mcp` over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.http.conftest import Server

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(folder: Path, cache_dir: Path, *options: str, command: str = "serve", **settings: str) -> Iterator[Server]:
    """Run the service, or another command that says `ready at URL`, on a free port of 127.0.0.1 until the block ends.

    Parameters:
        folder: holds its data.
        cache_dir: as the fixture of that name gives it.
        options: of the command.
        settings: further environment variables.
    """
    environment = {name: value for name, value in os.environ.items() if name != "QA_API_KEY"}
    environment |= {"QA_DATA_DIR": str(folder / "data"), "QA_CACHE_DIR": str(cache_dir), "QA_MODEL": "toy"}
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "qa_service", command, "--port", "0", *options],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    server = Server(process, environment)
    threading.Thread(target=server.read, daemon=True).start()
    try:
        assert server.ready.wait(180), server.lines
        assert server.port, server.lines
        yield server
    finally:
        server.stop(signal.SIGKILL)
