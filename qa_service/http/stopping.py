"""The end of the service, which comes in two steps: nothing new is taken, and what still goes on is broken off."""

from __future__ import annotations

import threading
from typing import cast

from flask import Flask, current_app

from qa_service.http.failure import Failure, FieldProblem

_EXTENSION = "stop"


class Stop:
    """Where an application stands.

    Attributes:
        begun: it stops once what it has accepted is answered.
        over: what still goes on ends now.
    """

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.over = threading.Event()


def stopping() -> Failure:
    """Make the failure of a request that comes, or is not done, when the service stops."""
    problem = FieldProblem(None, "the service is stopping", "try again once it has started")
    return Failure(503, "stopping", (problem,), {"Retry-After": "5"})


def init_app(app: Flask) -> None:
    """Give the application its end."""
    app.extensions[_EXTENSION] = Stop()


def stop_of(app: Flask) -> Stop:
    """Give an application's end."""
    return cast(Stop, app.extensions[_EXTENSION])


def current_stop() -> Stop:
    """Give the end of the application that handles this request."""
    return stop_of(current_app)
