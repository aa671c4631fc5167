"""Spaces that break words: characters without width inside them, and Han characters spaced out."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.repair.steps import Change, Step, edited, unchanged

_INVISIBLE = "\u00ad\u200b\u2060\ufeff"
_WIDE = "\u3000\u2002-\u200a"
_WORD = r"[\p{Han}\p{L}\p{N}]"
_LOOK = regex.compile(rf"[{_INVISIBLE}]|(?<=\p{{Han}})[ {_WIDE}]{{1,3}}\p{{Han}}[ {_WIDE}]")
_WITHIN_WORD = regex.compile(rf"(?<={_WORD})[{_INVISIBLE}]+(?={_WORD})")
_BLANKS = regex.compile(rf"[ {_WIDE}]+")
# Four or more single characters spaced out: 中 国 人 民.
_SPACED = regex.compile(rf"(?<![\p{{Han}}])\p{{Han}}(?:[ {_WIDE}]{{1,3}}\p{{Han}}(?!\p{{Han}})){{3,}}")


def repair_spaces(text: str) -> Step:
    """Drop characters without width within words, and close up spaced-out Han characters.

    All else stays, for search never sees it: blanks between words may mean something (a menu, a list of names, an
    indent), and folding and the tokenizer read a wide one as a plain one.
    """
    if not _LOOK.search(text):
        return unchanged(text)
    return edited(text, _changes(text))


def _changes(text: str) -> Iterator[Change]:
    for match in _WITHIN_WORD.finditer(text):
        yield _change(match.start(), match[0], "no width, within a word")
    for match in _SPACED.finditer(text):
        for blank in _BLANKS.finditer(text, match.start(), match.end()):
            yield _change(blank.start(), blank[0], "spaced-out characters")


def _change(start: int, before: str, reason: str) -> Change:
    return Change("space", start, start + len(before), before, "", reason)
