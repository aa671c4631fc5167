"""Reading every file of the bases that are served, in the background, and comparing checksums."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from pathlib import Path

from qa_service.index import base as base_index
from qa_service.index.generation import Generations
from qa_service.index.indexes import Indexes
from qa_service.index.opened import OpenedCollections

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often bases are looked for that were opened and not verified yet."""
AGAIN_S = 24 * 3600.0
"""What was sound is read again after this long."""
BYTES_PER_SECOND = 200 << 20
"""Files are read no faster, so that questions that need the disk come first."""
_PIECE = 4 << 20


class Verifying:
    """Verifies what is open; has a collection mended when a file of its base is damaged. One thread."""

    def __init__(self, generations: Indexes, opened: OpenedCollections, stop: threading.Event) -> None:
        self._generations = generations
        self._opened = opened
        self._stop = stop
        self._done: dict[str, float] = {}
        self.trouble: str | None = None

    def run(self) -> None:
        """Verify until told to stop."""
        while not self._stop.wait(LOOK_S):
            try:
                self.verify_new()
                self.trouble = None
            except Exception as error:
                if self.trouble is None:
                    logger.exception("verifying the indexes failed")
                self.trouble = f"the indexes cannot be verified: {error}"

    def verify_new(self) -> None:
        """Verify the bases that are open and were not verified lately."""
        self._generations.let_go()
        if not isinstance(self._generations, Generations):
            return  # others look after their files themselves
        open_now = self._opened.bases()
        paths = {str(self._generations.directory(row).root / base.directory) for row, base in open_now}
        self._done = {path: when for path, when in self._done.items() if path in paths}
        for row, base in open_now:
            root = self._generations.directory(row).root
            path = str(root / base.directory)
            if time.monotonic() < self._done.get(path, -AGAIN_S) + AGAIN_S or self._stop.is_set():
                continue
            wrong = base_index.verify(root, base, self._digest)
            # It may have been replaced and removed while it was read.
            if wrong and not self._stop.is_set() and (row, base) in self._opened.bases():
                self._opened.mend(row)
            self._done[path] = time.monotonic()

    def _digest(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                if self._stop.wait(len(piece) / BYTES_PER_SECOND):
                    return ""
        return digest.hexdigest()
