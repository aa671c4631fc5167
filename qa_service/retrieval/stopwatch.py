"""Wall-clock times of a question's stages."""

from __future__ import annotations

import time


class Stopwatch:
    """Wall-clock milliseconds by stage."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to a stage."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1e3
        self._last = now

    def timings(self) -> dict[str, float]:
        """Give the stages and their total, rounded to microseconds."""
        total = (time.perf_counter() - self._began) * 1e3
        return {stage: round(ms, 3) for stage, ms in self.stages.items()} | {"total": round(total, 3)}
