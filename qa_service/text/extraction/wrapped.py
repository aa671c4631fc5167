"""Joins lines that were broken to fit a page, since a line end ends a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ENDS = re.compile(r"[。！？；：…!?.:;．｡][”’」』）)\]】》\"']*$")
_STARTS = re.compile(
    r"^(?:\u3000|\s{2}|[•●○◆■□▪·\-–—*]\s|[（(]?[0-9一二三四五六七八九十]{1,3}[)）、.．]|第[0-9一二三四五六七八九十百]+[章节節条條])"
)
_FULL = 0.85
_LEAST_FULL_WIDTH = 24
_HYPHENATED = re.compile(r"[a-z\u00df-\u00f6\u00f8-\u00ff][-\u00ad]$")
_LONGEST_END, _KEPT_END = 4096, 64


class Growing:
    """A text that grows at its end, in a time that does not depend on its length.

    Attributes:
        end: its last characters, all of them while there are few.
    """

    def __init__(self, text: str = "") -> None:
        self._before: list[str] = []
        self.end = ""
        self._end_with(text)

    def __str__(self) -> str:
        return "".join((*self._before, self.end))

    def add(self, piece: str) -> None:
        """Put a piece at the end."""
        self._end_with(self.end + piece)

    def join(self, line: str) -> None:
        """Put a line at the end that belongs to the same sentence; see `joined`."""
        self._end_with(joined(self.end, line))

    def _end_with(self, end: str) -> None:
        if len(end) > _LONGEST_END:
            self._before.append(end[:-_KEPT_END])
            end = end[-_KEPT_END:]
        self.end = end


def join_wrapped(lines: Iterable[str]) -> list[str]:
    """Make paragraphs of the lines of one column of text.

    A line runs on into the next when it fills the column, does not end as a sentence does, and the next begins
    neither indented nor as a list item or heading does.

    Parameters:
        lines: in order; blank ones separate paragraphs.

    Returns:
        Paragraphs, none blank, without white space around them.
    """
    given = list(lines)
    widths = sorted(width(line) for line in given if line.strip())
    column = widths[len(widths) * 9 // 10] if widths else 0
    paragraphs: list[Growing] = []
    runs_on = False
    for line in given:
        text = line.strip()
        if not text:
            runs_on = False
            continue
        if runs_on and not _STARTS.match(line):
            paragraphs[-1].join(text)
        else:
            paragraphs.append(Growing(text))
        runs_on = width(line) >= max(_FULL * column, _LEAST_FULL_WIDTH) and not _ENDS.search(text)
    return [str(paragraph) for paragraph in paragraphs]


def joined(before: str, after: str) -> str:
    """Join two lines of one sentence: nothing between Chinese or Japanese characters, a space between words."""
    if not before or not after:
        return before + after
    if _HYPHENATED.search(before) and after[0].islower():
        return before[:-1] + after
    return before + ("" if _is_wide(before[-1]) or _is_wide(after[0]) else " ") + after


def width(line: str) -> int:
    """Give a line's width in half-width columns."""
    return sum(2 if _is_wide(char) else 1 for char in line.rstrip())


def _is_wide(char: str) -> bool:
    # Korean is wide too, and puts spaces between its words.
    return unicodedata.east_asian_width(char) in "WF" and not "\uac00" <= char <= "\ud7a3"
