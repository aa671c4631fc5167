"""Every error leaves in one shape: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from qa_service import errors as qa
from qa_service.http.host import LoadFailed, Loading

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    "bad-request": "Bad request",
    "malformed-json": "Malformed JSON",
    "forbidden": "Forbidden",
    "not-found": "Not found",
    "method-not-allowed": "Method not allowed",
    "too-large": "Content too large",
    "unsupported-media-type": "Unsupported media type",
    "invalid-input": "Invalid input",
    "internal-error": "Internal error",
    "damaged-data": "Damaged data",
    "incompatible-data": "Incompatible data",
    "loading": "Still loading",
    "load-failed": "Could not start",
    "unavailable": "Unavailable",
}
_KIND_OF_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-input",
    500: "internal-error",
    503: "unavailable",
}
_MOST_REPORTED = 20
_LONGEST_FIELD = 200
_LONGEST_PROBLEM = 500
RETRY_SECONDS = "2"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong: where, what, and what to do about it."""

    field: str | None
    problem: str
    remedy: str | None = None


class HttpProblem(Exception):
    """An error with its status and kind already decided at the edge."""

    def __init__(
        self, status: int, kind: str, problems: Iterable[FieldProblem], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.kind = kind
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        super().__init__(kind)


def invalid_input(problems: Iterable[FieldProblem]) -> HttpProblem:
    """Make the 422 that reports these problems."""
    return HttpProblem(422, "invalid-input", problems)


def problem_body(status: int, kind: str, problems: Iterable[FieldProblem], request_id: str) -> bytes:
    """Give the JSON of a problem document; `detail` is its first problem in a sentence."""
    listed = [_clipped(problem) for problem in problems]
    first = listed[0] if listed else FieldProblem(None, TITLES[kind])
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    body = {
        "type": f"urn:qa-service:problem:{kind}",
        "title": TITLES[kind],
        "status": status,
        "detail": (f"{first.field}: " if first.field else "") + first.problem + more,
        "instance": f"urn:qa-service:request:{request_id}",
        "errors": [{"field": p.field, "problem": p.problem, "remedy": p.remedy} for p in listed[:_MOST_REPORTED]],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _clipped(problem: FieldProblem) -> FieldProblem:
    # Field names and values come from outside and may be of any length.
    field = problem.field[:_LONGEST_FIELD] if problem.field else problem.field
    return FieldProblem(field, problem.problem[:_LONGEST_PROBLEM], problem.remedy)


def problem_response(
    status: int, kind: str, problems: Iterable[FieldProblem], headers: Mapping[str, str] | None = None
) -> Response:
    """Make the response of a problem in the request now handled."""
    body = problem_body(status, kind, problems, g.get("request_id", "none"))
    return Response(body, status, headers, content_type=PROBLEM_TYPE)


def init_app(app: Flask) -> None:
    """Turn every exception that a request can end with into a problem document."""
    app.register_error_handler(HttpProblem, lambda e: problem_response(e.status, e.kind, e.problems, e.headers))
    app.register_error_handler(qa.QAError, _on_qa_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(Exception, _on_unexpected)


def validation_problems(error: ValidationError, prefix: str = "") -> list[FieldProblem]:
    """Translate what pydantic found; paths read like `articles[3].id`."""
    found = error.errors(include_url=False, include_input=False)
    return [_field_problem(dict(one), prefix) for one in found]


_WORDS = {
    "missing": ("is required", "add it"),
    "extra_forbidden": ("is not a known field", "remove it; /docs lists the fields there are"),
    "string_type": ("must be a string", "put it in double quotes"),
    "int_type": ("must be a whole number", "write it without quotes, fraction or exponent"),
    "float_type": ("must be a number", "write it without quotes"),
    "bool_type": ("must be true or false", "write true or false, without quotes"),
    "bool_parsing": ("must be true or false", "write true or false"),
    "int_parsing": ("must be a whole number", "write digits only"),
    "list_type": ("must be a list", "put it in [ ]"),
    "dict_type": ("must be a JSON object", "put it in { }"),
    "model_type": ("must be a JSON object", "put it in { }"),
    "model_attributes_type": ("must be a JSON object", "put it in { }"),
    "finite_number": ("must be a finite number", "write a number of ordinary size"),
}
# Limits whose value pydantic gives in the error's context.
_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_LENGTHS = {"min_length": "at least", "max_length": "at most"}


def _field_problem(found: dict[str, object], prefix: str) -> FieldProblem:
    location = found["loc"]
    path = prefix
    for part in location if isinstance(location, tuple) else ():
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    context = found.get("ctx")
    remedy = _remedy(context) if isinstance(context, dict) else None
    message = str(found["msg"])
    problem, usual = _WORDS.get(str(found["type"]), (message[:1].lower() + message[1:], None))
    return FieldProblem(path or "body", problem, str(remedy) if remedy else usual)


def _remedy(context: dict[str, object]) -> object:
    """Say what would be right: as the check itself has it, or from the limit that was passed."""
    for name, words in _LIMITS.items():
        if name in context:
            return f"use {words} {_plain(context[name])}"
    for name, words in _LENGTHS.items():
        if name in context:
            return f"use {words} {context[name]} of them"
    if "expected" in context:  # of a choice: 'this' or 'that'
        return f"use {context['expected']}"
    return context.get("remedy")


def _plain(limit: object) -> object:
    """Write a whole number without a fraction, whatever its type."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _status_of(error: qa.QAError) -> tuple[int, str]:
    kinds: list[tuple[type[qa.QAError], int, str]] = [
        (qa.NotFound, 404, "not-found"),
        (qa.TooLarge, 413, "too-large"),
        (qa.ConfigError, 500, "internal-error"),
        (qa.BadInput, 422, "invalid-input"),
        (Loading, 503, "loading"),
        (LoadFailed, 503, "load-failed"),
        (qa.Unavailable, 503, "unavailable"),
        (qa.Incompatible, 500, "incompatible-data"),
        (qa.Damaged, 500, "damaged-data"),
    ]
    return next(((status, kind) for cls, status, kind in kinds if isinstance(error, cls)), (500, "internal-error"))


def _on_qa_error(error: qa.QAError) -> Response:
    status, kind = _status_of(error)
    if status == 500:
        _log.error("request %s failed: %s", g.get("request_id"), ascii(str(error)))
    headers = {"Retry-After": RETRY_SECONDS} if kind in ("loading", "unavailable") else None
    return problem_response(status, kind, [FieldProblem(error.field, error.detail, error.remedy)], headers)


def _on_http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    kind = _KIND_OF_STATUS.get(status, "bad-request" if status < 500 else "internal-error")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_response(status, kind, [_explain(error, status, headers)], headers)


def _explain(error: HTTPException, status: int, headers: Mapping[str, str]) -> FieldProblem:
    if status == 404:
        return FieldProblem(None, "there is nothing at this path", "see /docs for the paths there are")
    if status == 405:
        allowed = headers.get("Allow", "another method")
        return FieldProblem(None, f"{request.method} is not allowed here", f"use {allowed}")
    if status == 413:
        return FieldProblem("body", "the request is too large", "send less at a time")
    return FieldProblem(None, error.description or error.name)


def _on_unexpected(error: Exception) -> Response:
    # Every line is marked, so that no text from outside can look like a log line of its own.
    lines = traceback.format_exception(error)
    trace = "\n".join("  | " + line for block in lines for line in block.splitlines())
    _log.error("request %s failed: %s %r\n%s", g.get("request_id"), request.method, request.path, trace)
    problem = FieldProblem(None, "something went wrong here", "report the request id; the server's log has the cause")
    return problem_response(500, "internal-error", [problem])
