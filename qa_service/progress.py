"""How far something is that takes long."""

from __future__ import annotations

from collections.abc import Callable

Advance = Callable[[int], None]
"""Told how many more are done."""


def unheard(_: int) -> None:
    """Tell nobody."""
