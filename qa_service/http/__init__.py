"""The HTTP face: native API, its document, and the page. Import stays light until an application is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from qa_service.config import Settings
    from qa_service.engine import Engine
    from qa_service.http.host import EngineHost

__all__ = ["create_app"]


def create_app(settings: Settings, engine: Engine | None = None, host: EngineHost | None = None) -> Flask:
    """Make the WSGI application.

    Parameters:
        settings: the service's settings.
        engine: an open engine, which stays the caller's to close; None opens one from `settings` in a
            background thread, so that the application answers at once and says in `/readyz` when it is ready.
        host: what opens the engine, or has begun to, instead of one made here.

    Returns:
        A Flask application; `app.extensions["qa"]` is its `EngineHost`.
    """
    from qa_service.http.app import make_app  # noqa: PLC0415
    from qa_service.http.host import EngineHost  # noqa: PLC0415

    return make_app(settings, host or EngineHost(settings, engine))
