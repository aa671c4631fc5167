"""How much a phrase proves."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """What is needed for a unit that says nothing else to be furniture, the least certain first."""

    NONE = 0
    HALF = 1
    """Fills lines of furniture but makes none."""
    NUMBER = 2
    """Numbers alone, between two units of furniture."""
    COMPANY = 3
    """Other furniture beside it, or several more of its kind."""
    TAIL = 4
    """A place after the last sentence of the article, or company."""
    EDGE = 5
    """A place before the first or after the last sentence, or company."""
    ALONE = 6
