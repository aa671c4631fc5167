"""Owns the engine of one application: opens it in the background, hands it out, closes it."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from flask import current_app

from qa_service.errors import QAError, Unavailable
from qa_service.http.caller import current_caller
from qa_service.http.scoped import ScopedEngine, Service

if TYPE_CHECKING:
    from qa_service.config import Settings
    from qa_service.engine import Engine

EXTENSION = "qa"
SAMPLES_VARIABLE = "QA_SAMPLES"
"""Set to 1 by `qa-service serve --samples`, for the worker process in which the engine is opened."""
_SEE_LOG = "see the server's log; restart it once the cause is mended"
_log = logging.getLogger(__name__)


class Loading(Unavailable):
    """The engine is still being opened; asking again soon will succeed."""


class LoadFailed(Unavailable):
    """The engine could not be opened and will not come without an operator."""


class EngineHost:
    """Holds the engine, or the reason why there is none yet."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self.settings = settings
        self._engine = engine
        self._owned = engine is None
        self._begun = engine is not None
        self._failure: LoadFailed | None = None
        self._closed = False
        self._awaiting: list[Callable[[Engine], None]] = []
        self._lock = threading.Lock()
        self._settled = threading.Event()
        if engine is not None:
            self._settled.set()

    def start(self) -> None:
        """Begin to open the engine in the background; does nothing when one was given, or when that has begun."""
        with self._lock:
            begin, self._begun = not self._begun, True
        if begin:
            atexit.register(self.close)
            threading.Thread(target=self._load, name="open-engine", daemon=True).start()

    def engine(self) -> Engine:
        """Return the engine.

        Errors:
            Loading: it is being opened.
            LoadFailed: it could not be opened, or was closed.
        """
        engine = self._engine
        if engine is not None:
            return engine
        if self._failure is not None:
            raise self._failure
        raise Loading("the model and the index are still being loaded", remedy="try again in a moment")

    def when_open(self, use: Callable[[Engine], None]) -> None:
        """Have something done with the engine before it is first asked, or now if there is one already."""
        with self._lock:
            engine = self._engine
            if engine is None:
                self._awaiting.append(use)
        if engine is not None:
            use(engine)

    @property
    def ready(self) -> bool:
        """Whether there is an engine."""
        return self._engine is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Block until loading has ended, well or badly, or `timeout` seconds are over; True when it has ended."""
        return self._settled.wait(timeout)

    def close(self) -> None:
        """Close the engine if this host opened it; an engine that is still loading is closed once it has come."""
        with self._lock:
            self._closed = True
            if not self._owned or self._engine is None:
                return
            engine, self._engine = self._engine, None
            self._failure = LoadFailed("the service is stopping")
        engine.close()

    def _load(self) -> None:
        try:
            self._open()
        except QAError as error:
            self._failure = LoadFailed(error.detail, field=error.field, remedy=error.remedy or _SEE_LOG)
            _log.error("the service could not start: %s", error)
        except Exception as error:
            self._failure = LoadFailed(f"{type(error).__name__} while loading", remedy=_SEE_LOG)
            _log.exception("the service could not start")
        finally:
            self._settled.set()

    def _open(self) -> None:
        from qa_service.engine import Engine  # noqa: PLC0415

        engine = Engine.open(self.settings)
        if os.environ.get(SAMPLES_VARIABLE) == "1":
            _add_samples(engine)
        for warning in engine.readiness().warnings:
            _log.warning("%s", warning)
        # Dictionaries and tables stay for good; looking through them for garbage again and again delays questions.
        gc.freeze()
        with self._lock:
            if not self._closed:
                for use in self._awaiting:
                    use(engine)
                engine.start_workers()
                self._engine = engine
                return
        engine.close()


def _add_samples(engine: Engine) -> None:
    from qa_service.samples_loader import ingest_samples_if_empty  # noqa: PLC0415

    try:
        ingest_samples_if_empty(engine)
    except QAError as error:
        _log.warning("the sample articles could not be taken: %s", error)


def current_host() -> EngineHost:
    """Return the host of the application that handles this request."""
    return cast(EngineHost, current_app.extensions[EXTENSION])


def current_engine() -> Service:
    """Return the engine for this request, as its caller sees it; `Loading` or `LoadFailed` become 503."""
    engine, caller = current_host().engine(), current_caller()
    return engine if caller.collections is None else ScopedEngine(engine, caller)
