"""How much the server has to do: kept for whoever shows it, and always there, whatever server runs the application."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from flask import Flask

_EXTENSION = "load"


@dataclass(slots=True)
class Load:
    """Numbers of now, and of refusals since the start by reason.

    Attributes:
        waiting: requests that wait, by lane: `question`, `write`, `side`, `state`.
        refused: by reason: `full`, `waited`, `memory`, `stopping`, `unreadable`, `streams`.
    """

    working: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)
    connections: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse(self, reason: str) -> None:
        """Count a refusal; from any thread."""
        with self._lock:
            self.refused[reason] += 1


def init_app(app: Flask) -> None:
    """Give the application its numbers."""
    app.extensions[_EXTENSION] = Load()


def load_of(app: Flask) -> Load:
    """Give an application's numbers."""
    return cast(Load, app.extensions[_EXTENSION])
