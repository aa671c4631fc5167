"""The page, the interactive document and their local files; no outside request, no inline script."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flask import Response, abort, send_file, send_from_directory

from qa_service.http.document import Document
from qa_service.http.headers import DOCS_POLICY, PAGE_POLICY
from qa_service.http.serialize import json_response

STATIC = Path(__file__).parent / "static"
_SWAGGER_FILES = {"swagger-ui.css": "css/swagger-ui.css", "swagger-ui-bundle.js": "js/swagger-ui-bundle.js"}


def init_app(app: Document) -> None:
    """Add the routes; they are for people and not part of the document."""
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/docs", "docs", _docs)
    app.add_url_rule("/docs/assets/<name>", "docs_asset", _docs_asset)
    app.add_url_rule("/openapi.json", "openapi", lambda: json_response(app.api_doc))


def _page() -> Response:
    return _html("page.html", PAGE_POLICY)


def _docs() -> Response:
    return _html("docs.html", DOCS_POLICY)


def _html(name: str, policy: str) -> Response:
    response = send_from_directory(STATIC, name)
    response.headers["Content-Security-Policy"] = policy
    return response


def _docs_asset(name: str) -> Response:
    inside = _SWAGGER_FILES.get(name)
    if inside is None:
        abort(404)
    # The Swagger UI that the extension's own package carries.
    return send_file(Path(str(files("flask_openapi3_swagger"))) / "templates" / "swagger" / inside)
