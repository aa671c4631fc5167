"""Turns every exception into status, kind and problems, and these into the shape of the protocol that was asked in.

The service's own shape is RFC 9457 `application/problem+json`; a protocol of others registers its own for its paths.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from flask import Flask, Response, current_app, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from qa_service import errors as qa
from qa_service import logs
from qa_service.http.caller import current_caller
from qa_service.http.failure import Failure, FieldProblem, HttpProblem
from qa_service.http.host import LoadFailed, Loading
from qa_service.http.problem import problem_response

_KIND_OF_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-input",
    500: "internal-error",
    503: "unavailable",
}
RETRY_SECONDS = "2"
_CAUSE_IN_LOG = "report the request id; the server's log has the cause"
_OF_OPERATOR = {
    500: FieldProblem(None, "something is wrong with what is stored or set here", _CAUSE_IN_LOG),
    503: FieldProblem(None, "the service cannot answer now", _CAUSE_IN_LOG),
}
_log = logging.getLogger(__name__)


Shape = Callable[[Failure], Response]
_SHAPES = "error_shapes"


def use_shape(app: Flask, prefixes: Sequence[str], shape: Shape) -> None:
    """Give the errors of these paths, and of all below them, a shape of their own, routed or not."""
    app.extensions.setdefault(_SHAPES, {}).update(dict.fromkeys(prefixes, shape))


def error_response(failure: Failure) -> Response:
    """Make the response of a failure, in the shape of the path that was asked for."""
    g.failure = failure
    return response_for(request.path, failure)


def response_for(path: str, failure: Failure) -> Response:
    """Make the response of a failure, in the shape of a path; needs an application's context, no request's."""
    return (_shape_of(path) or problem_response)(failure)


def has_own_shape(path: str) -> bool:
    """Whether a path belongs to another program's protocol."""
    return _shape_of(path) is not None


def _shape_of(path: str) -> Shape | None:
    shapes: Mapping[str, Shape] = current_app.extensions.get(_SHAPES, {})
    return next((shape for prefix, shape in shapes.items() if path == prefix or path.startswith(f"{prefix}/")), None)


def init_app(app: Flask) -> None:
    """Turn every exception that a request can end with into an error response."""
    app.register_error_handler(Exception, lambda error: error_response(failure_of(error)))


def failure_of(error: Exception) -> Failure:
    """Translate any exception of a request; what was not expected is logged and told apart by the request's id."""
    if isinstance(error, HttpProblem):
        return Failure(error.status, error.kind, error.problems, error.headers)
    if isinstance(error, ValidationError):
        return Failure(422, "invalid-input", tuple(validation_problems(error)))
    if isinstance(error, qa.QAError):
        return _of_qa_error(error)
    if isinstance(error, HTTPException):
        return _of_http_exception(error)
    return _of_unexpected(error)


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
        (qa.Forbidden, 403, "insufficient-scope"),
        (qa.TooMany, 429, "too-many-requests"),
        (qa.ConfigError, 500, "internal-error"),
        (qa.BadInput, 422, "invalid-input"),
        (Loading, 503, "loading"),
        (LoadFailed, 503, "load-failed"),
        (qa.Overloaded, 503, "overloaded"),
        (qa.Unavailable, 503, "unavailable"),
        (qa.Incompatible, 500, "incompatible-data"),
        (qa.Damaged, 500, "damaged-data"),
    ]
    return next(((status, kind) for cls, status, kind in kinds if isinstance(error, cls)), (500, "internal-error"))


_STILL_LOADING = FieldProblem(None, "the service is still being loaded", "try again in a moment")


def _of_qa_error(error: qa.QAError) -> Failure:
    status, kind = _status_of(error)
    hidden = status >= 500 and error.retry_after is None and kind != "loading" and not current_caller().operator
    if status == 500 or hidden:
        _log.error("request %s failed: %s", g.get("request_id"), ascii(str(error)))
    wait = RETRY_SECONDS if kind in ("loading", "unavailable") else None
    retry_after = wait if error.retry_after is None else str(error.retry_after)
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    # What broke may be named after collections, articles and folders that are not this caller's to know.
    problem = _OF_OPERATOR[status] if hidden else FieldProblem(error.field, error.detail, error.remedy)
    if kind == "loading" and not current_caller().operator:
        # What keeps it from being opened may name a database, its host and its user; the host has logged it.
        problem = _STILL_LOADING
    return Failure(status, kind, (problem,), headers)


def _of_http_exception(error: HTTPException) -> Failure:
    status = error.code or 500
    kind = _KIND_OF_STATUS.get(status, "bad-request" if status < 500 else "internal-error")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if "Allow" in headers:
        # The library has them in the order of a set, which every process has its own of.
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    return Failure(status, kind, (_explain(error, status, headers),), headers)


def _explain(error: HTTPException, status: int, headers: Mapping[str, str]) -> FieldProblem:
    if status == 404:
        return FieldProblem(None, "there is nothing at this path", "see /docs for the paths there are")
    if status == 405:
        allowed = headers.get("Allow", "another method")
        return FieldProblem(None, f"{request.method} is not allowed here", f"use {allowed}")
    if status == 413:
        return FieldProblem("body", "the request is too large", "send less at a time")
    return FieldProblem(None, error.description or error.name)


def _of_unexpected(error: Exception) -> Failure:
    asked = f"{request.method} {request.path!a}"
    more = {logs.TRACE: logs.trace_lines(error)}
    _log.error("request %s failed: %s: %s", g.get("request_id"), asked, logs.place_of(error), extra=more)
    problem = FieldProblem(None, "something went wrong here", _CAUSE_IN_LOG)
    return Failure(500, "internal-error", (problem,))
