"""What is read of a report of schemathesis."""

from __future__ import annotations

import json
from pathlib import Path

import api


def test_exchanges_checks_and_failures_are_counted(tmp_path: Path) -> None:
    recorder = {
        "label": "POST /v1/ask",
        "interactions": {
            "a": {"request": {"method": "POST"}, "response": {"status_code": 200, "elapsed": 0.25}},
            "b": {"request": {"method": "POST"}, "response": {"status_code": 503, "elapsed": 0.5}},
            "c": {"request": {"method": "POST"}},
        },
        "checks": {
            "a": [{"name": "not_a_server_error", "status": "success"}],
            "b": [{"name": "not_a_server_error", "status": "failure", "failure_info": {}}],
        },
    }
    lines = [
        {"Initialize": {"seed": 1}},
        {"ScenarioFinished": {"recorder": recorder}},
        {"NonFatalError": {"label": "GET /x", "value": {"type": "Timeout", "message": "late"}}},
    ]
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(map(json.dumps, lines)))
    seen = api.read_events(path)
    assert (seen.requests, seen.slowest_ms) == (3, 500)
    assert seen.statuses == {"200": 1, "503": 1, "none": 1}
    assert seen.operations["POST /v1/ask"]["503"] == 1
    assert seen.checks == {"not_a_server_error": 2}
    assert seen.failures == {"not_a_server_error POST /v1/ask": 1}
    assert [error.partition(":")[0] for error in seen.errors] == ["GET /x"]
    assert [table.title for table in api._tables(seen)][-1] == "What the checks found"
