"""Which web pages of other origins may call from a browser: those that the settings name, and none without."""

from __future__ import annotations

from flask import Flask, Request, Response, request

from qa_service.config import Settings

_METHODS = "GET, POST, PUT, DELETE"
# Keys come in this header, which the asterisk does not stand for; nothing that a browser sends by itself counts.
_HEADERS = "Authorization, *"
_SHOWN = "Location, Retry-After, X-Request-ID"
_PREFLIGHT_SECONDS = "600"


def init_app(app: Flask, settings: Settings) -> None:
    """Answer what browsers ask before a page of a named origin may call, and let it read the answers."""
    origins = app.extensions["qa_origins"] = frozenset(settings.cors_origins or ())
    if not origins:
        return

    def preflight() -> Response | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        if not _is_named(request, origins):
            return None
        headers = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
        return Response(status=204, headers=headers)

    app.before_request(preflight)
    app.after_request(lambda response: show_to(app, response, request.headers.get("Origin", "")))


def show_to(app: Flask, response: Response, origin: str) -> Response:
    """Let a page of this origin read an answer, if the settings name it; the answer to no page has an empty one."""
    origins = app.extensions["qa_origins"]
    if origins:
        response.vary.add("Origin")
    if origin.lower() in origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN
    return response


def is_named_origin(app: Flask, request: Request) -> bool:
    """Tell whether a request comes from a page that the settings name."""
    return _is_named(request, app.extensions["qa_origins"])


def _is_named(request: Request, origins: frozenset[str]) -> bool:
    return request.headers.get("Origin", "").lower() in origins
