"""The lines that are printed: what was checked, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = 160


class Trouble(Exception):
    """Nothing can be tried; the text says why and what to do."""


@dataclass
class Checks:
    """Counts what failed."""

    failed: int = 0

    @property
    def exit_code(self) -> int:
        """0 when nothing failed."""
        return 1 if self.failed else 0

    def check(self, name: str, holds: bool, seen: object) -> None:
        """Print a check, whether it holds, and what was seen."""
        text = " ".join(str(seen).split())
        text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        print(f"{'ok    ' if holds else 'FAILED'}  {name}: {text}", flush=True)
        self.failed += not holds
