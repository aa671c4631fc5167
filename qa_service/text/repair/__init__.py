"""Repair of dirty web text, with a map from the repaired text to the original and an account of every change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qa_service.lazy import once
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

REPAIR_VERSION = f"repair-3 {WORDS_VERSION} {TABLES_VERSION}"

STRETCH = 100_000
"""Characters repaired at once."""


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
        """Repair a text of any length; a very long one in stretches of whole lines, so that memory stays bounded."""
        pieces: list[tuple[int, MappedText]] = []
        changes: list[Change] = []
        for start, end in _stretches(text):
            outcome: Step = compose(text[start:end], self.steps)
            pieces.append((start, outcome.mapped))
            changes.extend(replace(c, start=start + c.start, end=start + c.end) for c in outcome.changes)
        return Repaired(_joined(pieces, len(text)), tuple(changes))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Divide a text at line ends."""
    start = 0
    while len(text) - start > STRETCH:
        end = text.rfind("\n", start + STRETCH // 2, start + STRETCH) + 1 or start + STRETCH
        yield start, end
        start = end
    yield start, len(text)


def _joined(pieces: Sequence[tuple[int, MappedText]], length: int) -> MappedText:
    """Put the repaired stretches together again."""
    if len(pieces) == 1:
        return pieces[0][1]
    starts, ends = [], []
    for offset, mapped in pieces:
        plain = np.arange(len(mapped.text), dtype=np.int32)
        starts.append((plain if mapped.starts is None else mapped.starts) + offset)
        ends.append((plain + 1 if mapped.ends is None else mapped.ends) + offset)
    text = "".join(mapped.text for _, mapped in pieces)
    return MappedText.build(text, np.concatenate(starts), np.concatenate(ends), length)


def repair(text: str, *, cache_dir: Path | None = None) -> Repaired:
    """Repair a text.

    Parameters:
        text: the original text.
        cache_dir: where derived word statistics are kept between processes; None keeps nothing.

    Returns:
        The repaired text with its map and the changes; the text itself when nothing was found.
    """
    return load_repairer(cache_dir)(text)


@once
def load_repairer(cache_dir: Path | None) -> Repairer:
    """Load what the steps read, once for a cache directory."""
    words = load_words(cache_dir)
    return Repairer(GlyphRepair(words, load_tables(cache_dir)), Mojibake(words), Doubled(words))
