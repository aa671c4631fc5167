"""Errors as clients of the OpenAI API read them: `{"error": {message, type, param, code}}`."""

from __future__ import annotations

from flask import Flask, Response

from qa_service.http.errors import use_shape
from qa_service.http.failure import Failure, error_json

PREFIXES = tuple(
    f"/v1/{name}"
    for name in (
        *("models", "chat", "embeddings", "rerank", "vector_stores"),
        *("assistants", "audio", "batches", "completions", "conversations", "edits", "files", "fine_tuning"),
        *("images", "moderations", "realtime", "responses", "threads", "uploads", "videos"),
    )
)
"""Paths of the protocol, those included that are not served: a client of it must be able to read why."""
_CODES = {
    "unauthorized": "invalid_api_key",
    "wrong-key": "invalid_api_key",
    "invalid-input": "invalid_value",
    "too-many-requests": "rate_limit_exceeded",
}
# A client of this protocol knows one status for what is wrong with a request.
_BAD_REQUEST = (413, 415, 422)


def init_app(app: Flask) -> None:
    """Give the paths of the protocol its shape of errors."""
    use_shape(app, PREFIXES, error_response)


def error_response(failure: Failure) -> Response:
    """Make the response of a failure."""
    status = 400 if failure.status in _BAD_REQUEST else failure.status
    return Response(error_json(error_body(failure)), status, failure.headers, content_type="application/json")


def error_body(failure: Failure) -> dict[str, object]:
    """Give the JSON of a failure, also for a frame in mid-stream; the message has its remedy."""
    return {
        "error": {
            "message": failure.message,
            "type": _type(failure.status),
            "param": failure.problems[0].field,
            "code": _CODES.get(failure.kind, failure.kind.replace("-", "_")),
        }
    }


def _type(status: int) -> str:
    if status == 429:
        return "requests"
    return "server_error" if status >= 500 else "invalid_request_error"
