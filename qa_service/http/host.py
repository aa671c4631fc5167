"""Owns the engine of one application: opens it in the background, hands it out, closes it."""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from flask import current_app

from qa_service.errors import QAError, Unavailable
from qa_service.http.caller import current_caller
from qa_service.http.in_work import RequestsInWork
from qa_service.http.scoped import ScopedEngine, Service
from qa_service.http.succeeding import Succeeding
from qa_service.store import directory_use, files, replacement

if TYPE_CHECKING:
    from qa_service.config import Settings
    from qa_service.engine import Engine
    from qa_service.store.directory_use import DirectoryUse

EXTENSION = "qa"
SAMPLES_VARIABLE = "QA_SAMPLES"
"""Set to 1 by `qa-service serve --samples`, for the worker process in which the engine is opened."""
LONGEST_REQUEST_S = 900.0
"""How long a request may use the engine that was replaced since it began."""
_AGAIN_S = 2.0
"""How often opening is tried again while a database or an index on another machine is away."""
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
        self._failure: Loading | LoadFailed | None = None
        self._stopping = threading.Event()
        self._closed = False
        self._uses: list[Callable[[Engine], None]] = []
        self._serving: DirectoryUse | None = None
        self._succeeding = Succeeding(settings.data_dir, lambda: self._engine, self._replace)
        self.in_work = RequestsInWork()
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
        """Have something done with each engine before it is first asked; now if there is one already."""
        with self._lock:
            engine = self._engine
            self._uses.append(use)
        if engine is not None:
            use(engine)

    def warnings(self) -> list[str]:
        """Tell what is wrong though questions are answered."""
        return self._succeeding.warnings()

    @property
    def ready(self) -> bool:
        """Whether there is an engine."""
        return self._engine is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Block until loading has ended, well or badly, or `timeout` seconds are over; True when it has ended."""
        return self._settled.wait(timeout)

    def close(self) -> None:
        """Close the engine if this host opened it; an engine that is still loading is closed once it has come."""
        self._succeeding.stop()
        self._stopping.set()
        with self._lock:
            self._closed = True
            if not self._owned or self._engine is None:
                return
            engine, self._engine = self._engine, None
            self._failure = LoadFailed("the service is stopping")
        engine.close()
        self._end_serving()

    def _load(self) -> None:
        while not self._loaded():
            if self._stopping.wait(_AGAIN_S):
                return

    def _loaded(self) -> bool:
        """Open the engine; False when that may succeed later: what is on other machines comes back by itself."""
        try:
            self._open()
        except Unavailable as error:
            if self.settings.catalog is None and self.settings.milvus is None:
                self._failure = LoadFailed(error.detail, field=error.field, remedy=error.remedy or _SEE_LOG)
                _log.error("the service could not start: %s", error)
                return True
            if self._failure is None:
                _log.warning("the service cannot start yet, and tries again: %s", error)
            self._failure = Loading(error.detail, field=error.field, remedy=error.remedy)
            return False
        except QAError as error:
            self._failure = LoadFailed(error.detail, field=error.field, remedy=error.remedy or _SEE_LOG)
            _log.error("the service could not start: %s", error)
        except Exception as error:
            self._failure = LoadFailed(f"{type(error).__name__} while loading", remedy=_SEE_LOG)
            _log.exception("the service could not start")
        finally:
            if self._engine is None:
                self._end_serving()
            self._settled.set()
        return True

    def _open(self) -> None:
        from qa_service.engine import Engine  # noqa: PLC0415

        # From before the index is opened: a rebuild that ends meanwhile leaves it to this server to let it take over.
        with contextlib.suppress(OSError):  # what is wrong with the directory is told by who opens it
            files.make_data_directory(self.settings.data_dir)
            self._serving = directory_use.serving(self.settings.data_dir)
        engine = Engine.open(self.settings)
        if os.environ.get(SAMPLES_VARIABLE) == "1":
            _add_samples(engine)
        for warning in engine.readiness().warnings:
            _log.warning("%s", warning)
        # Dictionaries and tables stay for good; looking through them for garbage again and again delays questions.
        gc.freeze()
        with self._lock:
            if not self._closed:
                self._begin(engine)
                self._succeeding.start()
                return
        engine.close()

    def _end_serving(self) -> None:
        """Leave it to a rebuild to let its index take over."""
        if self._serving is not None:
            self._serving.release()

    def _begin(self, engine: Engine) -> None:
        for use in self._uses:
            use(engine)
        engine.start_workers()
        self._engine = engine

    def _replace(self, old: Engine, new: Engine) -> bool:
        """Answer with another engine from now on; False when the service is stopping.

        The old one is closed when nobody uses it any more.
        """
        with self._lock:
            if self._closed:
                return False
            self._begin(new)
            self.settings = new.settings
        old.retire()
        if not self.in_work.wait(LONGEST_REQUEST_S):
            _log.warning("a request that began before the rebuilt index took over is not done yet; it may fail")
        old.close()
        with contextlib.suppress(OSError):  # it goes when the new one moves to its place
            replacement.remove_superseded(self.settings.data_dir)
        # What is frozen is never looked through for garbage: what the old engine held would stay.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return True


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
