"""A compaction as the server has it done: by a process of the lowest priority, which builds every index anew."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errands import Errands, Order

_LOOK_S = 0.05


class Compaction:
    """A compaction that is under way, to be asked now and then whether it still runs."""

    def __init__(self, settings: Settings, engine: Engine, name: str) -> None:
        """Start it; `engine` says which model the vectors are of."""
        self._errands = Errands()
        self._order = Order("compaction", settings, engine.generations.versions, engine.catalog.root, name)
        self._error: Exception | None = None
        self._peak = 0.0
        self._began = time.perf_counter()
        self._ended = 0.0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._errands.run(self._order)
        except Exception as error:
            self._error = error
        self._ended = time.perf_counter()

    def runs(self) -> bool:
        """Tell whether it still runs; note how much memory it takes."""
        process = self._errands._process
        if process is not None:
            self._peak = max(self._peak, _peak_mib(process.pid))
        return self._thread.is_alive()

    def result(self) -> dict[str, float]:
        """Wait for the end; give the seconds, and the most memory it was seen to take. A failure ends the benchmark."""
        while self.runs():
            time.sleep(_LOOK_S)
        self._thread.join()
        if self._error is not None:
            sys.exit(f"building the indexes failed: {self._error}")
        return {"seconds": self._ended - self._began, "peak_mib": self._peak}


def _peak_mib(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return int(status.split("VmHWM:")[1].split()[0]) / 1024 if "VmHWM:" in status else 0.0
