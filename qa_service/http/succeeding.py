"""Has a server go on with the index that a rebuild made, while questions are answered from the one before."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from qa_service.errors import QAError

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
        current: gives the engine that answers.
        replaced: takes an engine to go on with, and lets the other go; False when the service is stopping.
    """

    def __init__(self, current: Callable[[], Engine | None], replaced: Callable[[Engine, Engine], bool]) -> None:
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
        from qa_service import succession  # noqa: PLC0415 - heavy

        while not self._stop.wait(POLL_S):
            engine = self._current()
            if engine is None:
                continue
            try:
                stamp = succession.awaits(engine)
            except OSError:
                continue  # the directory cannot be looked at now, which the engine tells
            if stamp is None:
                self._trouble = None
            elif self._failed is None or self._failed[0] != stamp or time.monotonic() > self._failed[1]:
                self._take_over(engine, stamp)

    def _take_over(self, engine: Engine, stamp: int) -> None:
        from qa_service import succession  # noqa: PLC0415 - heavy

        try:
            logger.info("a rebuild has ended: its index is made ready to take over")
            new = succession.take_over(engine)
        except Exception as error:
            self._failed = stamp, time.monotonic() + RETRY_S
            if self._trouble is None:
                logger.exception("the rebuilt index cannot take over")
            self._trouble = str(error) if isinstance(error, QAError) else f"{type(error).__name__} while it was opened"
            succession.note_trouble(engine.catalog.data_dir, self._trouble)
            return
        self._failed = self._trouble = None
        if not self._replaced(engine, new):
            new.close()
            return
        logger.info("questions are answered by the model %s now", new.generations.versions.model)
