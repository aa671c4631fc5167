"""The two servers, each in its own process group, which ends with the block that it was started for."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from checks import Trouble

KEY = "a-key-of-the-trial"
_ROOT = Path(__file__).resolve().parents[2]
_READY_AFTER, _ENDED_AFTER = 300, 20
_READY = re.compile(r"ready at (http://\S+)")


@contextmanager
def start_service(scratch: Path) -> Iterator[str]:
    """Run the service with its samples and a key, and give its URL."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("QA_") or _is_model(name)}
    settings |= {"QA_CHAT_SOURCES": "events", "QA_API_KEY": KEY, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "qa_service", "serve", "--samples", "--port", "0"]
    log = scratch / "service.log"
    with _running([*command, "--data", str(scratch / "service")], settings, log) as process:
        yield _waited(process, log, lambda: _said_ready(log))


@contextmanager
def start_open_webui(program: Path, scratch: Path, base_url: str) -> Iterator[str]:
    """Run Open WebUI offline and without sign-in, with the service as its only model provider, and give its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = scratch / "open-webui"
    folder.mkdir(exist_ok=True)
    settings = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "PATH", "TMPDIR")}
    settings |= {
        "OPENAI_API_BASE_URL": base_url,
        "OPENAI_API_KEY": KEY,
        "OFFLINE_MODE": "true",
        "WEBUI_AUTH": "false",
        "ENABLE_OLLAMA_API": "false",
        # So that it loads no embedding model of its own.
        "RAG_EMBEDDING_ENGINE": "openai",
        "ENABLE_PERSISTENT_CONFIG": "false",
        "ENABLE_VERSION_UPDATE_CHECK": "false",
        "DATA_DIR": str(folder),
        "WEBUI_SECRET_KEY": "a-secret-of-the-trial",
        "OMP_NUM_THREADS": "1",
    }
    url, log = f"http://127.0.0.1:{port}", scratch / "open-webui.log"
    # It looks for its static files and secrets in the current directory.
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, settings, log, folder) as process:
        yield _waited(process, log, lambda: url if _answers(f"{url}/health") else None)


@contextmanager
def _running(
    command: list[str], settings: Mapping[str, str], log: Path, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=settings, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            # Its own session: the group holds what it started, and nothing else.
            os.killpg(process.pid, sign)
            process.wait(_ENDED_AFTER)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _waited(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], str | None]) -> str:
    end = time.monotonic() + _READY_AFTER
    while time.monotonic() < end and process.poll() is None:
        url = ready()
        if url:
            return url
        time.sleep(0.3)
    lines = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise Trouble(f"{log.stem} did not become ready; the end of {log}:\n{lines}")


def _said_ready(log: Path) -> str | None:
    found = _READY.search(log.read_text(errors="replace"))
    return found[1] if found else None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_model(name: str) -> bool:
    return name in ("QA_MODEL", "QA_CACHE_DIR")
