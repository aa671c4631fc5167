"""Whose large bodies are read: decided by the head of a request, before much of its body is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from flask import Flask

Headers = Iterable[tuple[str, str]]
"""Names in capitals, and values, as they came."""
_EXTENSION = "large_bodies"


def decide(app: Flask, by: Callable[[Headers], bool]) -> None:
    """Set what decides for an application; it is called by the server's loop, and must not wait for anything."""
    app.extensions[_EXTENSION] = by


def decided_by(app: Flask) -> Callable[[Headers], bool]:
    """Give what decides for an application."""
    return cast(Callable[[Headers], bool], app.extensions[_EXTENSION])
