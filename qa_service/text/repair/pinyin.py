"""Pinyin in brackets after the character it spells, as broken converters leave it: 責(zé)任."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.fold import encoder_fold
from qa_service.text.repair.readings import can_spell
from qa_service.text.repair.steps import Change, Step, edited, unchanged

_LETTERS = "a-zA-ZɑɡüÜêāáǎàēéěèếềīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0302\u0304\u0308\u030c"
_BRACKETED = regex.compile(rf"(?<=(\p{{Han}}))[(（] ?([{_LETTERS}]{{1,8}}) ?[)）]")
_MARKED = regex.compile(r"[āáǎàēéěèếềīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u030c]")
_TOOL_LEAVES = 3
"""Bare syllables without a tone mark (了(le)) are dropped once so many marked ones show the converter at work."""


def repair_pinyin(text: str) -> Step:
    """Drop bracketed syllables that the character before them can spell.

    One alone may be a reading given on purpose (a dictionary's 茬(chá)), so it stays, unless the character is one
    that the converters of simplified text make.
    """
    if "(" not in text and "（" not in text:
        return unchanged(text)
    found = [match for match in _BRACKETED.finditer(text) if can_spell(match[1], match[2])]
    marked = sum(1 for match in found if _MARKED.search(match[2]))
    if marked < _TOOL_LEAVES:
        found = [match for match in found if _MARKED.search(match[2]) and encoder_fold(match[1]) != match[1]]
    return edited(text, _changes(found))


def _changes(found: list[regex.Match[str]]) -> Iterator[Change]:
    for match in found:
        yield Change("pinyin", match.start(), match.end(), match[0], "", f"pinyin that {match[1]} spells")
