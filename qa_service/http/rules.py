"""What each route asks of its caller. A route that is not named here is for administrators alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import Request

from qa_service.keys.key import SCOPES, Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks for: one of these scopes, and, of what tells of all collections, a key for all of them."""

    scopes: Collection[Scope]
    whole: bool = False


_ANY = Rule(SCOPES)
_ASK = Rule(["ask"])
_INGEST = Rule(["ingest"])
_ADMIN = Rule(["admin"], whole=True)

PUBLIC = frozenset({"GET /", "GET /static/<path:filename>", "GET /healthz", "GET /readyz"})
"""What needs no key: the page, and whether the service runs."""
DOCUMENT = frozenset({"GET /docs", "GET /docs/assets/<name>", "GET /openapi.json"})
"""What people open in a browser, which sends a key only as the password of Basic authentication."""
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(DOCUMENT, _ANY),
    "GET /metrics": _ADMIN,
    "POST /v1/ask": _ASK,
    "POST /v1/explain": _ASK,
    "POST /v1/feedback": _ASK,
    "POST /v1/chat/completions": _ASK,
    "POST /v1/embeddings": _ASK,
    "POST /v1/rerank": _ASK,
    "POST /v1/vector_stores/<store_id>/search": _ASK,
    "POST /retrieval": _ASK,
    "GET /v1/models": _ANY,
    "GET /v1/models/<model_id>": _ANY,
    "GET /v1/collections": _ANY,
    "PUT /v1/collections/<name>": _INGEST,
    "DELETE /v1/collections/<name>": _INGEST,
    "POST /v1/articles": _INGEST,
    "GET /v1/articles": _INGEST,
    # What an answer's source opens; which articles there are is not told by it.
    "GET /v1/articles/<anyid:article_id>": _ANY,
    "DELETE /v1/articles/<anyid:article_id>": _INGEST,
    "GET /v1/jobs/<job_id>": _INGEST,
}
_NOT_ROUTED = _ANY
_NEVER_STORED = ("/v1/", "/retrieval", "/metrics", "/readyz")


def route_of(request: Request) -> str | None:
    """Name the route that a request came to, as the rules do; None when there is none."""
    if request.url_rule is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {request.url_rule.rule}"


def rule_of(route: str | None) -> Rule:
    """Give what a route asks for, or a path without one: nothing is there for any key."""
    if route is None or route.startswith("OPTIONS "):
        return _NOT_ROUTED
    return RULES.get(route, _ADMIN)


def needs_key(path: str) -> bool:
    """Tell whether a path of the API's document needs a key, where there are keys."""
    return f"GET {path}" not in PUBLIC


def is_private(path: str) -> bool:
    """Tell whether an answer from this path is for its caller alone, and not to be stored on the way."""
    return path.startswith(_NEVER_STORED)
