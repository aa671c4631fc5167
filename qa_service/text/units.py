"""Units: the sentences of an article as furniture and copies see them, each with its print and what kind of text it is.

A unit is described by its print, the length of its canonical form, and flags; the description is stored beside the
passage, so that what repeats can be learnt without reading texts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from qa_service.text.prints import NO_PRINT, canonical, print_of
from qa_service.text.sentence_ends import TERMINATORS
from qa_service.types import Span

LOCAL = 1
"""Looks like furniture in its own article."""
OMITTED = 2
"""Furniture, for whatever reason: not searched."""
LINE = 4
"""A short line of its own that does not end as a sentence does."""
DATA = 8
"""States something that two articles may have in common by chance: a number, a day, a label with its value."""
BODY = 16
"""Prose: it ends as a sentence does, or is so long that its end was lost."""

LINE_CHARS = 40
BODY_CHARS = 8
_MAX_LENGTH = 0xFFFF

_ENDS = regex.compile(rf"[{TERMINATORS}.．][\p{{Pe}}\p{{Pf}}\"']*\Z")
_GOES_ON = regex.compile(r"[,，、;；]\Z")
_INDENT = 80
_LINE_BEFORE = regex.compile(r"(?:\A|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])[^\S\n\r]*\Z")
_LINE_AFTER = regex.compile(r"[^\S\n\r]*+(?:\Z|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])")
_DATA = regex.compile(
    r"\p{Nd}|[零〇一二三四五六七八九十百千万亿][年月日号號点點时時分元角人个個名层層楼樓路]"
    r"|(?:周|週|星期|礼拜|禮拜)[一二三四五六日天]|\p{L}{2}\s*[:：]\s*\p{L}{2}"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of an article: its place in the repaired and in the original text, and its canonical form."""

    sentence: Span
    place: Span
    form: str
    print: int
    kind: int

    @property
    def length(self) -> int:
        """Letters, digits and symbols, up to 65,535."""
        return min(len(self.form), _MAX_LENGTH)


def may_be_learnt(number: int, kind: int) -> bool:
    """Whether furniture can be learnt from a unit: it has letters, and does not look like furniture anyway."""
    return number != NO_PRINT and not kind & LOCAL


def describe(text: str, pairs: Sequence[tuple[Span, Span]]) -> list[Unit]:
    """Describe sentences.

    Parameters:
        text: the repaired text.
        pairs: the spans of each sentence in it and in the original.
    """
    units = []
    for sentence, place in pairs:
        form = canonical(text[sentence.start : sentence.end])
        units.append(Unit(sentence, place, form, print_of(form), _kind(text, sentence, form)))
    return units


def _kind(text: str, sentence: Span, form: str) -> int:
    ended = _ENDS.search(text, sentence.start, sentence.end) is not None
    kind = 0
    if _DATA.search(text, sentence.start, sentence.end):
        kind |= DATA
    if not ended and len(form) <= LINE_CHARS and _is_line(text, sentence):
        # A line of verse, or of a list within a sentence, goes on.
        kind |= 0 if _GOES_ON.search(text, sentence.start, sentence.end) else LINE
    if len(form) >= (BODY_CHARS if ended else LINE_CHARS + 1):
        kind |= BODY
    return kind


def _is_line(text: str, sentence: Span) -> bool:
    """Whether nothing else stands in the sentence's line."""
    return _LINE_BEFORE.search(text, max(0, sentence.start - _INDENT), sentence.start) is not None and (
        _LINE_AFTER.match(text, sentence.end) is not None
    )
