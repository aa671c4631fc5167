"""Folding for search: what the encoder and the word index see in place of the original text.

The encoder fold is OpenCC's t2s alone. The lexical fold removes default-ignorable code points, applies NFKC
and lower case, then t2s, then replaces regional variants of Han characters by their simplified form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata

import numpy as np
import regex

from qa_service.lazy import once
from qa_service.text.offsets import MappedText

_OPENCC = metadata.version("opencc")
# Unicode guarantees that later versions normalise and lower-case assigned characters as earlier ones do.
ENCODER_FOLD_VERSION = f"t2s opencc-{_OPENCC}"
LEXICAL_FOLD_VERSION = f"lexical-1 opencc-{_OPENCC}"

# Default_Ignorable_Code_Point of Unicode: soft hyphen, zero-width and direction marks, variation selectors, tags.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# What NFKC may join with, or move before, the character in front of it; a superset is harmless.
_JOINS = r"[\p{M}\u1161-\u11ff\u3131-\u318e\ud7b0-\ud7fb\uff9e-\uffdc]"
_JOINING = regex.compile(_JOINS)
# NFKC sorts marks in quadratic time; 32 to a unit is over the 30 of Unicode's Stream-Safe Text Format.
_LONG_JOINING = regex.compile(_JOINS + "{32}")
_UNIT = regex.compile(f"(?s:.){_JOINS}{{0,31}}")
_HAN_RUN = regex.compile(r"\p{Han}+")
_SURROGATES = re.compile("([\ud800-\udfff]+)")
_SHORT = 300
"""Code points up to which conversions are remembered, the last ones only."""
_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))


def encoder_fold(text: str) -> str:
    """Fold traditional to simplified Chinese, as the encoder wants it.

    Parameters:
        text: any text.

    Returns:
        OpenCC's t2s conversion.
    """
    return _convert("t2s", text)


def encoder_fold_mapped(text: str) -> MappedText:
    """Fold as `encoder_fold` and keep the map to `text`."""
    return _aligned(text, encoder_fold(text))


def traditional_form(text: str) -> str:
    """Write simplified Chinese in traditional characters; for telling the two apart, never for search."""
    return _convert("s2t", text)


def lexical_fold(text: str) -> str:
    """Fold for word matching: one form for full and half width, case, traditional and variant characters.

    Parameters:
        text: any text.

    Returns:
        The folded text. Marks beyond the 31st on one character are normalised apart from it.
    """
    text = _IGNORABLE.sub("", text)
    units = _UNIT.findall(text) if _LONG_JOINING.search(text) else [text]
    return _replace_variants(_convert("t2s", "".join(map(_normalise, units))))


def lexical_fold_mapped(text: str) -> MappedText:
    """Fold as `lexical_fold` and keep the map to `text`.

    A character with the marks that follow it is one unit: each character of its folded form maps to all of it.
    """
    kept = _without_ignorable(text)
    normalised = _by_units(kept.text)
    folded = _replace_variants(_convert("t2s", normalised.text))
    return kept.then(normalised).then(_aligned(normalised.text, folded))


def _normalise(text: str) -> str:
    """NFKC and lower case; a final sigma becomes a plain one, so that no rule looks beyond its unit."""
    lowered = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFKC", lowered)


def _without_ignorable(text: str) -> MappedText:
    if not _IGNORABLE.search(text):
        return MappedText.identity(text)
    pieces: list[tuple[str, int, int]] = []
    position = 0
    for match in _IGNORABLE.finditer(text):
        pieces.append((text[position : match.start()], position, match.start()))
        position = match.end()
    pieces.append((text[position:], position, len(text)))
    return MappedText.from_pieces(pieces, len(text))


def _by_units(text: str) -> MappedText:
    """Apply `_normalise` unit by unit; equal to the whole since no unit acts on the next."""
    units = _UNIT.findall(text) if _JOINING.search(text) else list(text)
    table = {unit: _normalise(unit) for unit in set(units)}
    folded = "".join(map(table.__getitem__, units))
    if len(units) == len(text) and all(len(form) == 1 for form in table.values()):
        return _aligned(text, folded)
    source_lengths = np.fromiter(map(len, units), dtype=np.int32, count=len(units))
    lengths = np.fromiter((len(table[unit]) for unit in units), dtype=np.int32, count=len(units))
    ends = np.cumsum(source_lengths, dtype=np.int32)
    starts = ends - source_lengths
    return MappedText.build(folded, np.repeat(starts, lengths), np.repeat(ends, lengths), len(text))


def _aligned(text: str, converted: str) -> MappedText:
    """Map a conversion that changes Han characters only, and nearly always one into one.

    When the length changed, each run of Han characters that changed length maps as a whole.
    """
    if len(text) == len(converted):
        return MappedText.identity(converted)
    before, after = list(_HAN_RUN.finditer(text)), list(_HAN_RUN.finditer(converted))
    if len(before) != len(after):
        return MappedText.from_pieces([(converted, 0, len(text))], len(text))
    pieces: list[tuple[str, int, int]] = []
    position = position_after = 0
    for old, new in zip(before, after, strict=True):
        pieces.append((converted[position_after : new.start()], position, old.start()))
        pieces.append((new[0], old.start(), old.end()))
        position, position_after = old.end(), new.end()
    pieces.append((converted[position_after:], position, len(text)))
    return MappedText.from_pieces(pieces, len(text))


def _replace_variants(text: str) -> str:
    pattern, table = _variants()
    return text.translate(table) if pattern.search(text) else text


@once
def _variants() -> tuple[re.Pattern[str], dict[int, str]]:
    """Collect regional forms that t2s leaves alone, from OpenCC's own Hong Kong, Taiwan and Japan tables.

    Characters of GB 2312 stay as they are: simplified text uses them with meanings of their own.
    """
    chars = [chr(code) for first, end in _HAN_BLOCKS for code in range(first, end)]
    lines = "\n".join(chars)
    simplified = _convert("t2s", lines).split("\n")
    table: dict[int, str] = {}
    for config in ("jp2t", "tw2t", "hk2t"):
        forms = _convert("t2s", _convert(config, lines)).split("\n")
        for char, plain, form in zip(chars, simplified, forms, strict=True):
            if plain == char != form and not _in_gb2312(char):
                table[ord(char)] = form
    return re.compile(f"[{''.join(map(chr, table))}]"), table


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _convert(config: str, text: str) -> str:
    if text.isascii():
        return text
    return _convert_again(config, text) if len(text) <= _SHORT else _convert_anew(config, text)


@lru_cache(32)
def _convert_again(config: str, text: str) -> str:
    """Convert a short text such as a question, which many stages fold."""
    return _convert_anew(config, text)


def _convert_anew(config: str, text: str) -> str:
    try:
        return _converter(config)(text)
    except UnicodeEncodeError:
        # OpenCC works on UTF-8, which has no form for lone surrogates.
        parts = _SURROGATES.split(text)
        return "".join(part if index % 2 else _converter(config)(part) for index, part in enumerate(parts))


@once
def _converter(config: str) -> Callable[[str], str]:
    import opencc  # noqa: PLC0415 - loads dictionaries

    convert: Callable[[str], str] = opencc.OpenCC(config).convert
    return convert
