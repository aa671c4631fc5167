"""Which syllables a Han character can spell, from pypinyin's table."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import metadata

from qa_service.lazy import once

READINGS_VERSION = f"pypinyin-{metadata.version('pypinyin')}"


def plain(syllable: str) -> str:
    """Take the tone off a syllable and write ü as v: `lǜ` -> `lv`."""
    decomposed = unicodedata.normalize("NFD", syllable.lower()).replace("u\u0308", "v")
    return "".join(c for c in decomposed if c.isascii())


@cache
def readings(character: str) -> frozenset[str]:
    """Give the syllables of one Han character, each with its tone mark and without."""
    found = _table().get(ord(character), "")
    marked = {unicodedata.normalize("NFC", syllable) for syllable in found.split(",") if syllable}
    return frozenset(marked | {plain(syllable) for syllable in marked})


def can_spell(character: str, syllable: str) -> bool:
    """Whether a character may be read so.

    Parameters:
        character: one Han character.
        syllable: pinyin with its tone mark, or without any.
    """
    written = unicodedata.normalize("NFC", syllable.lower().replace("ɡ", "g").replace("ɑ", "a"))
    return written in readings(character)


@once
def _table() -> dict[int, str]:
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - loads a large table

    return dict(PINYIN_DICT)
