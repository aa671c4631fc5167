"""The one shape of errors on the paths of the OpenAI API, pinned in one place."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse


def assert_openai_error(
    response: TestResponse, status: int, *, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """Check an error response in full; return its `error`.

    Parameters:
        param: when given, the field that it is about.
        code: when given, its code.
    """
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(response.data.decode("utf-8"))
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == ("server_error" if status >= 500 else "invalid_request_error")
    assert error["message"]
    assert len(response.data) < 20_000
    assert "Traceback" not in response.text
    if param is not None:
        assert error["param"] == param, error
        assert error["message"].startswith(f"{param}: ")
    if code is not None:
        assert error["code"] == code
    return error
