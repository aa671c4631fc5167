"""What every request and response carries: a request id, a valid path, and security headers."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, current_app, g, request

from qa_service import logs
from qa_service.http.cors import is_named_origin
from qa_service.http.errors import has_own_shape
from qa_service.http.failure import FieldProblem, HttpProblem, invalid_input
from qa_service.http.rules import is_private

REQUEST_ID = "X-Request-ID"
_REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_READING = ("GET", "HEAD", "OPTIONS")
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
FEATURES = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
"""What no page of ours uses, so that nothing that gets into one could."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
# Swagger UI writes style attributes; scripts stay ours alone.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Give each request its id and each response its headers."""
    app.before_request(_identify)
    app.after_request(lambda response: secure(response, request.path))


def init_checks(app: Flask) -> None:
    """Refuse requests that pages of others had a browser send, and addresses that can be read in two ways."""
    app.before_request(_refuse_foreign_pages)
    app.before_request(_refuse_ambiguous_url)


def _identify() -> None:
    g.request_id = request_id_of(request.headers.get(REQUEST_ID, ""))
    logs.request_id.set(g.request_id)


def request_id_of(given: str) -> str:
    """Take the id that a request brings, if it is one, or make one."""
    return given if _REQUEST_ID_PATTERN.fullmatch(given) else uuid.uuid4().hex


def _refuse_foreign_pages() -> None:
    # A page of another site can make a browser send a form here, files included. Browsers say so in this header. JSON
    # they send only after asking first, which is answered with no; chat programs made of a browser need not ask.
    is_json = request.method == "POST" and request.mimetype == "application/json"
    if request.method in _READING or (is_json and has_own_shape(request.path)):
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and not is_named_origin(current_app, request):
        problem = FieldProblem("Sec-Fetch-Site", "a page of another site may not do this", "call from a server instead")
        raise HttpProblem(403, "forbidden", [problem])


def _refuse_ambiguous_url() -> None:
    # werkzeug replaces bytes that are not UTF-8, so two paths would otherwise name one article.
    if "\ufffd" in request.path:
        try:
            request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            problem = FieldProblem("path", "is not UTF-8", "percent-encode the UTF-8 bytes of the id")
            raise HttpProblem(400, "bad-request", [problem]) from None
    if request.query_string and request.path.startswith("/v1/"):
        repeated = [name for name, values in request.args.lists() if len(values) > 1]
        if repeated:
            raise invalid_input([FieldProblem(name, "is given more than once", "give it once") for name in repeated])


def secure(response: Response, path: str) -> Response:
    """Give the answer to a request for a path the headers that every answer has."""
    headers = response.headers
    headers[REQUEST_ID] = g.get("request_id", "none")
    headers.setdefault("Content-Security-Policy", API_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", FEATURES)
    if is_private(path) or response.status_code in (401, 403):
        headers["Cache-Control"] = "no-store"
    return response
