"""Recognises UTF-16 that lacks its byte-order mark, when the bytes leave no doubt."""

from __future__ import annotations

from collections import Counter
from functools import cache

import regex

_NEVER_IN_TEXT = regex.compile(r"[\p{Cn}\p{Co}\p{Cs}]|(?![\t\n\f\r])\p{Cc}")
_COMMON_PAGES = frozenset({0x00, 0x20, 0x30, 0xFF})
"""High bytes of ASCII and Latin-1, general punctuation, CJK punctuation with kana, full-width forms."""
_HAN_PAGES = range(0x34, 0xA0)
_LEAST_SHARE = 0.9
# Without ASCII the evidence is thinner: two letters of an 8-bit charset make an everyday Han character
# nearly every other time, so 16 of 16 happens about three times in a million.
_LEAST_SHARE_WITHOUT_NUL = 0.98
_LEAST_WITHOUT_NUL = 16


def guess_utf16(content: bytes) -> str | None:
    """Name the UTF-16 byte order under which the bytes read as text, if exactly one does.

    Text in the wrong byte order, or in another charset, scatters over rare Han characters, private and
    unassigned code points and dozens of scripts; real text stays with everyday Han, punctuation and one
    further script.

    Parameters:
        content: bytes without a byte-order mark.

    Returns:
        "utf-16-le", "utf-16-be", or None when neither or both are plausible.
    """
    if not content or len(content) % 2:
        return None
    nul = b"\0" in content
    if not nul and len(content) < 2 * _LEAST_WITHOUT_NUL:
        return None
    plausible = [name for name in ("utf-16-le", "utf-16-be") if _reads_as_text(content, name, nul)]
    return plausible[0] if len(plausible) == 1 else None


def everyday_share(text: str) -> float:
    """Give the share of the characters over 0x7F that are everyday Han characters or East Asian punctuation."""
    counts = Counter(char for char in text if char > "\x7f")
    good = sum(n for char, n in counts.items() if ord(char) >> 8 in _COMMON_PAGES - {0} or _everyday_han(char))
    return good / counts.total() if counts else 0.0


def _everyday_han(char: str) -> bool:
    return ord(char) >> 8 in _HAN_PAGES and _everyday(char)


def _reads_as_text(content: bytes, encoding: str, nul: bool) -> bool:
    """Judge one byte order; without any NUL byte (no ASCII at all) only Han and kana are believed."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    if _NEVER_IN_TEXT.search(text):
        return False
    good = 0
    other: Counter[int] = Counter()
    for char, count in Counter(text).items():
        page = ord(char) >> 8
        if page in _COMMON_PAGES or _everyday_han(char):
            good += count
        elif page not in _HAN_PAGES:
            # Hangul spreads over 44 pages; they count as one.
            other[0xAC if 0xAC <= page <= 0xD7 else page] += count
    if not nul:
        return good >= _LEAST_SHARE_WITHOUT_NUL * len(text)
    if other:
        good += other.most_common(1)[0][1]
    return good >= _LEAST_SHARE * len(text)


@cache
def _everyday(char: str) -> bool:
    """Whether a Han character is in GB 2312 or in Big5's first level, as nearly all running text is."""
    for encoding, last in (("gb2312", 0xF7), ("big5", 0xC6)):
        try:
            if char.encode(encoding)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False
