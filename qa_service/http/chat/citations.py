"""Checks the marks of a generated answer against the passages while it streams, and takes markup of its own away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

import regex

from qa_service.text.fold import lexical_fold
from qa_service.text.scan import is_number, scan_words
from qa_service.text.scripts import main_script
from qa_service.types import RankedPassage

_OPENING = re.compile(r"[\[【［!<]")
_INSIDE = r"([^\[\]【】［］\n]{0,300})"
_BRACKETS = re.compile(rf"!?(?:\[{_INSIDE}\]|【{_INSIDE}】|［{_INSIDE}］)")
_UNCLOSED = re.compile(r"!?(?:[\[【［][^\[\]【】［］\n]{0,300})?")
_NUMBERS = re.compile(r"\s*\^?\s*(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\s*")
_TARGET = re.compile(r"\((?:[^()\n]|\([^()\n]*\)){0,2000}\)")
_UNCLOSED_TARGET = re.compile(r"(?=.{1,2000}\Z)\((?:[^()\n]|\([^()\n]*\))*+(?:\([^()\n]*)?")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_SENTENCE_END = regex.compile(r"[。！？!?；;\n]|\.(?=\s)")
_HAN = regex.compile(r"\p{Han}+")
_LONGEST_SENTENCE = 1000
_LEAST_DIGITS = 2
"""Digits from which a number must be in the passage: shorter ones count things and begin lists."""
_FEW_WORDS = 4
"""Words up to which what stands before a mark (根据资料[1]，...) says nothing that a passage could have."""
# What ends a link, and what could take the sign before that away again.
_ENDS = re.compile(r"[\\\]]")


class CitationCheck:
    """A filter over the pieces of a generated text.

    Marks in any kind of brackets become `[n]`. One stays if there is a passage n, the passage has every number of the
    sentence before the mark and, where both are in one script, a word of it. Links and images become their text, since
    a model's addresses are invented or come from an article, and would be followed or fetched by the reader's browser;
    what is none at first sight is left without a bracket that could end it.
    """

    def __init__(self, passages: Sequence[RankedPassage], *, markdown: bool = True) -> None:
        texts = [f"{passage.title or ''}\n{passage.published_at or ''}\n{passage.text}" for passage in passages]
        self._words = [set(_units(text)) for text in texts]
        self._scripts = [main_script(text) for text in texts]
        self._markdown = markdown
        self._after_mark = False
        self._is_cited = False
        self._held = ""
        self._sentence = ""
        self.kept = 0
        """Marks that stayed."""

    def feed(self, piece: str) -> str:
        """Take a piece and give what can be shown; what may be the beginning of a mark or a link is held back."""
        self._held += piece
        return "".join(self._take(final=False))

    def finish(self) -> str:
        """Give what was held back."""
        return "".join(self._take(final=True))

    def _take(self, *, final: bool) -> Iterator[str]:
        while self._held:
            opening = _OPENING.search(self._held)
            yield self._said(opening.start() if opening else len(self._held))
            if not self._held or (not final and self._is_incomplete()):
                return
            yield self._opened()

    def _is_incomplete(self) -> bool:
        """Tell whether more text could still make a mark, a link or a tag of what is held."""
        if self._held == "<" or _UNCLOSED.fullmatch(self._held):
            return True
        found = _BRACKETS.match(self._held)
        rest = self._held[found.end() :] if found else " "
        return not rest or (_UNCLOSED_TARGET.fullmatch(rest) is not None)

    def _opened(self) -> str:
        """Take one mark, link or image from the beginning of what is held, or its first character."""
        found = _BRACKETS.match(self._held)
        if found is None:
            is_tag = self._markdown and _TAG.match(self._held)
            said = self._said(1)
            return "&lt;" if is_tag else said
        target = _TARGET.match(self._held, found.end())
        inside = next(group for group in found.groups() if group is not None)
        self._held = self._held[target.end() if target else found.end() :]
        numbers = _NUMBERS.fullmatch(inside)
        if numbers:
            return self._checked(re.findall(r"\d+", numbers[1]))
        return self._shown(inside if target else found[0].removeprefix("!"))

    def _said(self, count: int) -> str:
        text, self._held = self._held[:count], self._held[count:]
        return self._shown(text)

    def _shown(self, text: str) -> str:
        self._remember(text)
        if not self._markdown or not text:
            return text
        # A mark with one of these right after it would be a link, or say where a link leads.
        gap = " " if self._after_mark and text[0] in "(:" else ""
        self._after_mark = False
        return gap + _ENDS.sub(r"\\\g<0>", text)

    def _checked(self, numbers: Sequence[str]) -> str:
        right = [number for number in dict.fromkeys(map(int, numbers)) if self._supports(number)]
        self.kept += len(right)
        self._is_cited = True
        self._after_mark = self._after_mark or bool(right)
        return "".join(f"[{number}]" for number in right)

    def _supports(self, number: int) -> bool:
        if not 1 <= number <= len(self._words):
            return False
        words, known = set(_units(self._sentence)), self._words[number - 1]
        figures = {word for word in words if is_number(word)}
        if any(len(word) >= _LEAST_DIGITS and word not in known for word in figures):
            return False
        others = words - figures
        if len(others) <= _FEW_WORDS and not figures:
            return True
        alike = main_script(self._sentence) == self._scripts[number - 1]
        return not others or not alike or not others.isdisjoint(known)

    def _remember(self, text: str) -> None:
        """Keep what a mark would stand for: the unfinished sentence, or the last if it has just ended, since a mark."""
        if self._is_cited and any(map(str.isalnum, text)):
            self._sentence, self._is_cited = "", False
        self._sentence = (self._sentence + text)[-_LONGEST_SENTENCE:]
        whole = len(self._sentence.rstrip())
        ends = [found.end() for found in _SENTENCE_END.finditer(self._sentence) if found.end() < whole]
        if ends:
            self._sentence = self._sentence[ends[-1] :]


def _units(text: str) -> Iterator[str]:
    """Give the words of a text that can be compared without a dictionary: pairs of characters for Chinese."""
    folded = lexical_fold(text)
    for word, _, _ in scan_words(folded):
        yield _value(word) if is_number(word) else word
    for run in _HAN.findall(folded):
        yield from (run[place : place + 2] for place in range(len(run) - 1))


def _value(number: str) -> str:
    """Write a number in one way, so that 58.00 is 58 and the 08 of a date is 8."""
    try:
        return f"{Decimal(number).normalize():f}"
    except InvalidOperation:
        return number
