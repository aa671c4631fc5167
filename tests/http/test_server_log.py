"""The log of a real server as JSON: every line of what it prints is a record, those of gunicorn too."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.http

ROOT = Path(__file__).parents[2]
PATIENCE = 60


def wait_for(log: Path, pattern: str, alive: Callable[[], bool]) -> re.Match[str]:
    """Wait until the log has this."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = re.search(pattern, log.read_text(encoding="utf-8"))
        if found:
            return found
        assert alive(), log.read_text(encoding="utf-8")
        time.sleep(0.02)
    raise AssertionError(f"no line {pattern!r} in:\n{log.read_text(encoding='utf-8')}")


def test_everything_is_a_record(tmp_path: Path) -> None:
    (tmp_path / "open").touch()
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "http" / "fake_server.py"), str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "QA_SAMPLES": "0", "QA_LOG_FORMAT": "json"},
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        port = int(wait_for(log, r"\"ready at http://127\.0\.0\.1:(\d+)", lambda: process.poll() is None)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        body = json.dumps({"question": "绝密"}).encode()
        headers = {"Content-Type": "application/json", "X-Request-ID": "mine-7", "Authorization": "Bearer top-secret"}
        connection.request("POST", "/v1/ask?note=hidden", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.headers["X-Request-ID"] == "mine-7"
        connection.request("GET", "/metrics")
        metrics = connection.getresponse().read().decode()
        connection.close()
        wait_for(log, "GET /metrics", lambda: process.poll() is None)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)
    assert 'qa_request_seconds_count{endpoint="POST /v1/ask"' in metrics
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    asked = next(one for one in records if one.get("path") == "/v1/ask")
    assert (asked["logger"], asked["request_id"], asked["method"]) == ("qa_service.access", "mine-7", "POST")
    assert asked["bytes"] > 0
    assert asked["ms"] >= 0
    text = log.read_text(encoding="utf-8")
    assert "top-secret" not in text
    assert "绝密" not in json.dumps(records, ensure_ascii=False)
    assert "hidden" not in text
