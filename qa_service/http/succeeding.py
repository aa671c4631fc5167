"""Has a server go on with the index that a rebuild made, while questions are answered from the one before."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qa_service.errors import QAError
from qa_service.store import successor

if TYPE_CHECKING:
    from qa_service.engine import Engine

POLL_S = 0.25
"""How often it is looked for."""
RETRY_S = 60.0
"""The pause before what failed is tried again; at once when it is offered anew."""
logger = logging.getLogger(__name__)


class Succeeding:
    """A thread that looks for an index that is to take over.

    Parameters:
        data_dir: where it is looked for.
        current: gives the engine that answers.
        replaced: takes an engine to go on with, and lets the other go; False when the service is stopping.
    """

    def __init__(
        self, data_dir: Path, current: Callable[[], Engine | None], replaced: Callable[[Engine, Engine], bool]
    ) -> None:
        self._folder = successor.folder(data_dir)
        self._current = current
        self._replaced = replaced
        self._stop = threading.Event()
        self._failed: tuple[int, float] | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="qa-succeeding", daemon=True).start()

    def stop(self) -> None:
        """Take nothing over any more."""
        self._stop.set()

    def warnings(self) -> list[str]:
        """Say why the service goes on with the index it has though there is another."""
        return [f"the rebuilt index cannot take over: {self._trouble}"] if self._trouble else []

    def _run(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                self._look()
            except OSError:
                continue  # the directory cannot be looked at now, which the engine tells
            except Exception as error:
                self._note(error)

    def _look(self) -> None:
        engine = self._current() if self._folder.exists() else None
        if engine is None:
            self._trouble = None
            return
        from qa_service import succession  # noqa: PLC0415 - heavy

        stamp = succession.awaits(engine)
        if stamp is None:
            self._trouble = None
        elif self._failed is None or self._failed[0] != stamp or time.monotonic() > self._failed[1]:
            self._take_over(engine, stamp)

    def _take_over(self, engine: Engine, stamp: int) -> None:
        from qa_service import succession  # noqa: PLC0415 - heavy

        began = time.monotonic()
        try:
            new = succession.take_over(engine)
            self._failed = self._trouble = None  # before the old one is let go, which takes as long as its requests
            if not self._answers(engine, new):
                return
        except successor.Busy:
            return  # whoever makes it is not done with it, or another server lets it take over just now
        except Exception as error:
            self._failed = stamp, time.monotonic() + RETRY_S
            succession.note_trouble(engine.catalog.data_dir, self._note(error))
            return
        model, seconds = new.generations.versions.model, time.monotonic() - began
        logger.warning("questions are answered with the model %s now; making it ready took %.1f s", model, seconds)

    def _answers(self, old: Engine, new: Engine) -> bool:
        """Have a new engine answer in the place of an old one; False when the service is stopping.

        Errors:
            whatever kept it from that; it is closed then, and the old one goes on.
        """
        try:
            replaced = self._replaced(old, new)
        except Exception:
            if self._current() is not new:
                new.close()
                raise
            # It answers already; what failed was to let the old one go, whose memory and files a restart gives back.
            logger.exception("the index from before the rebuild cannot be let go")
            return True
        if not replaced:
            new.close()
        return replaced

    def _note(self, error: Exception) -> str:
        """Keep and return what is to be told of trouble; called while it is handled."""
        if self._trouble is None:
            logger.exception("the rebuilt index cannot take over")
        self._trouble = str(error) if isinstance(error, QAError) else f"{type(error).__name__} while it was opened"
        return self._trouble
