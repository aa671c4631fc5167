"""Who may call: with a key configured, nobody without it."""

from __future__ import annotations

import hmac
import re

from flask import Flask, Request, request

from qa_service.config import Settings
from qa_service.http.failure import FieldProblem, HttpProblem

GUARDED = ("/v1/", "/retrieval")
"""What begins so needs the key; what is left are the page, the document of the API, and the state of the service."""
_BEARER = re.compile(r"Bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="qa-service"'}


def init_app(app: Flask, settings: Settings) -> None:
    """Ask for the key of the settings, if they have one, before anything else of a request is looked at."""
    if settings.api_key is None:
        return
    expected = settings.api_key.get_secret_value().encode("ascii")

    def check() -> None:
        if request.path.startswith(GUARDED):
            require_key(request, expected)

    app.before_request(check)


def bearer_token(request: Request) -> str | None:
    """Read the key that a request brings; None without one or with a header of another shape."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    return found[1] if found else None


def require_key(request: Request, expected: bytes) -> None:
    """Refuse a request without this key.

    Errors:
        HttpProblem: 401, of kind `unauthorized` where no key can be read and `wrong-key` where another is given.
    """
    token = bearer_token(request)
    if token is None:
        problem = "has no bearer key" if "Authorization" in request.headers else "is missing"
        raise _refusal("unauthorized", problem, "send Authorization: Bearer KEY, with the key of this service")
    if not hmac.compare_digest(token.encode("ascii"), expected):
        raise _refusal("wrong-key", "holds a key that is not known here", "use the key of this service")


def _refusal(kind: str, problem: str, remedy: str) -> HttpProblem:
    return HttpProblem(401, kind, [FieldProblem("Authorization", problem, remedy)], _CHALLENGE)
