"""The application factory: puts the parts together, keeps nothing on module globals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flask import Flask
from pydantic import ValidationError
from werkzeug.routing import BaseConverter

from qa_service.http import (
    access,
    articles,
    body,
    cors,
    dify,
    errors,
    exposure,
    feedback,
    headers,
    health,
    limits,
    load,
    native,
    page,
    stopping,
    streams,
)
from qa_service.http.chat import models as chat_models
from qa_service.http.chat import routes as chat_routes
from qa_service.http.document import Document
from qa_service.http.host import EXTENSION, EngineHost
from qa_service.http.openai import embeddings, rerank, vector_stores
from qa_service.http.openai import errors as openai_errors
from qa_service.http.strict_json import StrictRequest
from qa_service.http.watching import requests, tracing

if TYPE_CHECKING:
    from qa_service.config import Settings


class AnyIdConverter(BaseConverter):
    """An article id as the rest of the path: leading, trailing and double slashes and dots are part of it."""

    regex = "(?s:.+)"
    part_isolating = False
    weight = 300


def make_app(settings: Settings, host: EngineHost) -> Flask:
    """Build the application; see `qa_service.http.create_app`."""
    app = Document(
        __name__,
        static_folder="static",
        static_url_path="/static",
        doc_ui=False,
        validation_error_callback=_refuse,
    )
    app.request_class = StrictRequest
    # Redirects would lose a POST's body, and merged slashes would change article ids.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["anyid"] = AnyIdConverter
    app.extensions[EXTENSION] = host
    app.wsgi_app = host.in_work.around(app.wsgi_app)  # type: ignore[assignment,method-assign]
    requests.init_app(app, host)
    tracing.init_app(app, settings, host)
    for part in (headers, errors, openai_errors, dify, limits, load, stopping):
        part.init_app(app)
    for guard in (exposure, cors, access):
        guard.init_app(app, settings)
    headers.init_checks(app)
    streams.init_app(app, settings)
    body.init_app(app, limits.MAX_ASYNC_BODY_BYTES)
    for api in (
        native.make_api(),
        articles.make_api(),
        feedback.make_api(),
        health.make_api(),
    ):
        app.register_api(api)
    for protocol in (
        chat_models.make_api(),
        chat_routes.make_api(settings),
        dify.make_api(),
        embeddings.make_api(),
        rerank.make_api(),
        vector_stores.make_api(),
    ):
        app.register_api(protocol)
    page.init_app(app)
    host.start()
    return app


def _refuse(error: ValidationError) -> NoReturn:
    raise error
