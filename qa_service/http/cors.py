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

    def allow(response: Response) -> Response:
        response.vary.add("Origin")
        if _is_named(request, origins):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _SHOWN
        return response

    app.before_request(preflight)
    app.after_request(allow)


def is_named_origin(app: Flask, request: Request) -> bool:
    """Tell whether a request comes from a page that the settings name."""
    return _is_named(request, app.extensions["qa_origins"])


def _is_named(request: Request, origins: frozenset[str]) -> bool:
    return request.headers.get("Origin", "").lower() in origins
