"""Build the model, ingest and ask in a process that may open no socket but to this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.model

# An audit hook sees every connection and name look-up that Python code makes, in every thread and library. It ends the
# process at once: an exception could be swallowed by whoever tried.
SCRIPT = """
import os, sys

LOCAL = ("127.", "::1", "localhost")

def guard(event, args):
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0] or "localhost"
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if not host.startswith(LOCAL):
        os.write(2, f"NETWORK: {event} {host}\\n".encode())
        os._exit(77)

sys.addaudithook(guard)

if sys.argv[1] == "self-check":
    import socket
    socket.getaddrinfo("host.invalid", 80)
    sys.exit(0)

from pathlib import Path
from embeddings.bundled import ensure_default_model
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.types import Submission

home = Path(sys.argv[1])
ensure_default_model(home / "models")
settings = Settings(data_dir=home / "data", model_dir=home / "models", cache_dir=home / "cache")
engine = Engine.open(settings)
text = "第二社区医院的院长是林月华。医院位于和平路十二号。"
assert [o.outcome for o in engine.ingest([Submission(text.encode(), id="a")])] == ["created"]
client = create_app(settings, engine).test_client()
answer = client.post("/v1/ask", json={"question": "Who is the director of the hospital?", "min_confidence": 0}).json
assert answer["answer"]["text"].startswith("第二社区医院的院长是林月华。"), answer
print("ANSWERED")
"""


def run(argument: str, script: Path) -> subprocess.CompletedProcess[str]:
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(script), argument]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_the_guard_notices_a_look_up(tmp_path: Path) -> None:
    done = run("self-check", tmp_path / "script.py")
    assert done.returncode == 77
    assert "host.invalid" in done.stderr


def test_build_ingest_and_ask_touch_no_network(tmp_path: Path) -> None:
    done = run(str(tmp_path), tmp_path / "script.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ANSWERED" in done.stdout
