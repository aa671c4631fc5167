"""Whether the default model's files are still what was built; other models have nothing to compare them with."""

from __future__ import annotations

import contextlib
import logging
import os
import threading

from embeddings.bundled import FOLDER, verify
from embeddings.errors import DamagedModel
from qa_service.config import Settings

logger = logging.getLogger(__name__)

_AFTER_S = 30.0
"""A server that has just started has better things to do."""


class ModelFile:
    """Compares the model's files with their checksums; at each start only the large weights are left out."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.model_dir / FOLDER if settings.model == "default" else None
        self._found: list[str] = []
        self._stop = threading.Event()

    def problems(self) -> list[str]:
        """Read every byte; return what is wrong, with the remedy. Takes a second or two."""
        if self._folder is None or not self._folder.exists():
            return []
        try:
            verify(self._folder, full=True)
        except DamagedModel as error:
            return [f"the model: {error}"]
        return []

    def warnings(self) -> list[str]:
        """Tell what `watch` has found."""
        return self._found

    def watch(self, after_s: float = _AFTER_S) -> threading.Thread:
        """Verify once in the background, `after_s` seconds from now, when nobody else needs the processor."""
        thread = threading.Thread(target=self._verify, args=(after_s,), name="qa-model", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Do not begin to verify any more."""
        self._stop.set()

    def _verify(self, after_s: float) -> None:
        if self._stop.wait(after_s):
            return
        with contextlib.suppress(AttributeError, OSError):
            # On Linux this is of the thread alone.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        self._found = self.problems()
        for problem in self._found:
            logger.error("%s", problem)
