"""The service's own shape of errors: RFC 9457 `application/problem+json`."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, g

from qa_service.http.failure import Failure, FieldProblem, error_json

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    "bad-request": "Bad request",
    "malformed-json": "Malformed JSON",
    "unauthorized": "Key required",
    "wrong-key": "Key refused",
    "forbidden": "Forbidden",
    "insufficient-scope": "Key not for this",
    "too-many-requests": "Too many requests",
    "not-found": "Not found",
    "model-not-found": "Model not found",
    "knowledge-not-found": "Knowledge not found",
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
_MOST_REPORTED = 20
_LONGEST_FIELD = 200
_LONGEST_PROBLEM = 500


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
    return error_json(body)


def _clipped(problem: FieldProblem) -> FieldProblem:
    # Field names and values come from outside and may be of any length.
    field = problem.field[:_LONGEST_FIELD] if problem.field else problem.field
    return FieldProblem(field, problem.problem[:_LONGEST_PROBLEM], problem.remedy)


def problem_response(failure: Failure) -> Response:
    """Make the problem document of a failure of the request now handled."""
    body = problem_body(failure.status, failure.kind, failure.problems, g.get("request_id", "none"))
    return Response(body, failure.status, failure.headers, content_type=PROBLEM_TYPE)
