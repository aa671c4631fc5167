"""The one shape of every error, pinned in one place."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

from qa_service.http.responses import Problem


def assert_problem(response: TestResponse, status: int, kind: str, *, field: str | None = None) -> dict[str, Any]:
    """Check an error response in full; return its body.

    Parameters:
        kind: the last part of `type`.
        field: when given, one of the `errors` is about it.
    """
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body: dict[str, Any] = json.loads(response.data.decode("utf-8"))
    Problem.model_validate(body)
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    assert body["type"] == f"urn:qa-service:problem:{kind}"
    assert body["status"] == status
    assert body["instance"] == f"urn:qa-service:request:{response.headers['X-Request-ID']}"
    assert body["title"] and body["detail"]
    assert 1 <= len(body["errors"]) <= 20
    assert len(response.data) < 20_000
    assert "Traceback" not in response.text
    if field is not None:
        assert field in [one["field"] for one in body["errors"]], body["errors"]
    return body
