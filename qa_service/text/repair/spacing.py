"""Odd spaces: between Han characters, beside Chinese punctuation, full-width, zero-width."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.repair.steps import Change, Step, edited, unchanged

_INVISIBLE = "\u00ad\u200b\u2060\ufeff"
_WIDE = "\u3000\u2002-\u200a"
_LOOK = regex.compile(
    rf"[{_INVISIBLE}{_WIDE}]|(?<=\p{{Han}})[ \t]+[\p{{Han}}，。！？；：、”’）》】]|[，。！？；：、“‘（《【]\s\s"
)
_ODD = regex.compile(rf"[{_INVISIBLE}]+")
_BLANKS = regex.compile(rf"[ \t{_WIDE}]+")
# Four or more single characters spaced out: 中 国 人 民.
_SPACED = regex.compile(rf"(?<![\p{{Han}}])\p{{Han}}(?:[ {_WIDE}]{{1,3}}\p{{Han}}(?!\p{{Han}})){{3,}}")
_BEFORE_MARK = regex.compile(rf"(?<=\p{{Han}})(?: {{2,}}|[ ]*[{_WIDE}][ {_WIDE}]*)(?=[，。！？；：、”’）》】])")
_AFTER_MARK = regex.compile(rf"(?<=[，。！？；：、“‘（《【])(?: {{2,}}|[{_WIDE}]+)(?=[\p{{Han}}\p{{N}}])")
_WIDE_RUN = regex.compile(rf"(?<=[^\n{_WIDE}])[{_WIDE}]+")


def repair_spaces(text: str) -> Step:
    """Drop characters without width, close up spaced-out Han characters, and make wide spaces plain ones.

    A lone plain space stays: between two Han words it may mean something (a menu, a list of names), and beside a
    mark it does no harm. So does what indents a line.
    """
    if not _LOOK.search(text):
        return unchanged(text)
    return edited(text, _changes(text))


def _changes(text: str) -> Iterator[Change]:
    for match in _ODD.finditer(text):
        yield _change(match.start(), match[0], "", "no width")
    closed: set[int] = set()
    for match in _SPACED.finditer(text):
        for blank in _BLANKS.finditer(text, match.start(), match.end()):
            closed.add(blank.start())
            yield _change(blank.start(), blank[0], "", "spaced-out characters")
    for pattern in (_BEFORE_MARK, _AFTER_MARK):
        for blank in pattern.finditer(text):
            if blank.start() not in closed:
                closed.add(blank.start())
                yield _change(blank.start(), blank[0], "", "space beside Chinese punctuation")
    for blank in _WIDE_RUN.finditer(text):
        if blank.start() not in closed:
            yield _change(blank.start(), blank[0], " " * len(blank[0]), "wide space")


def _change(start: int, before: str, after: str, reason: str) -> Change:
    return Change("space", start, start + len(before), before, after, reason)
