"""Repair of dirty web text, with a map from the repaired text to the original and an account of every change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qa_service.text.offsets import MappedText
from qa_service.text.repair.doubled import Doubled
from qa_service.text.repair.glyphs.step import GlyphRepair
from qa_service.text.repair.glyphs.tables import TABLES_VERSION, load_tables
from qa_service.text.repair.glyphs.words import WORDS_VERSION, load_words
from qa_service.text.repair.markup import repair_markup
from qa_service.text.repair.mojibake import Mojibake
from qa_service.text.repair.pinyin import repair_pinyin
from qa_service.text.repair.spacing import repair_spaces
from qa_service.text.repair.steps import Change, Step, compose
from qa_service.text.repair.welded import repair_welds

__all__ = ["REPAIR_VERSION", "Change", "Repaired", "Repairer", "repair"]

REPAIR_VERSION = f"repair-2 {WORDS_VERSION} {TABLES_VERSION}"


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired text.

    Attributes:
        mapped: the repaired text, each character with its span in the input.
        changes: what was changed, by place in the input.
    """

    mapped: MappedText
    changes: tuple[Change, ...]


class Repairer:
    """All steps in their order: encodings first, since what they restore is markup and text for the rest."""

    def __init__(self, glyphs: GlyphRepair, mojibake: Mojibake, doubled: Doubled) -> None:
        self.steps = (mojibake, repair_markup, repair_spaces, repair_pinyin, glyphs, doubled, repair_welds)

    def __call__(self, text: str) -> Repaired:
        """Repair a text of any length."""
        outcome: Step = compose(text, self.steps)
        return Repaired(outcome.mapped, outcome.changes)


def repair(text: str, *, cache_dir: Path | None = None) -> Repaired:
    """Repair a text.

    Parameters:
        text: the original text.
        cache_dir: where derived word statistics are kept between processes; None keeps nothing.

    Returns:
        The repaired text with its map and the changes; the text itself when nothing was found.
    """
    return load_repairer(cache_dir)(text)


@cache
def load_repairer(cache_dir: Path | None) -> Repairer:
    """Load what the steps read, once for a cache directory."""
    words = load_words(cache_dir)
    return Repairer(GlyphRepair(words, load_tables(cache_dir)), Mojibake(words), Doubled(words))
