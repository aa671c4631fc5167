"""What kind of answer a question asks for, read from its question word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import regex

from qa_service.retrieval.answering.interrogatives import ANYWHERE, WORDS, QuestionType
from qa_service.text.fold import lexical_fold

# A type that another one, found anywhere in the question, says more than.
_GENERAL = {QuestionType.WHICH, QuestionType.YES_NO}
_KEPT = 64
"""Questions remembered: one is read more than once on its way."""
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's type; `start` and `end` are the place of its question word in the folded question, if known."""

    type: QuestionType
    start: int = -1
    end: int = -1


@lru_cache(_KEPT)
def asked(folded: str) -> Asked:
    """Tell what a question asks for.

    Parameters:
        folded: the question in the lexical fold.

    Returns:
        The type of the first question word, of the longest where several begin; in scripts without spaces, where
        question words stand in the middle, first of those that say more than "which". UNKNOWN without any.
    """
    found = [
        (kind in _GENERAL, match.start(), -match.end(), kind)
        for kind, pattern in _patterns(anywhere=True)
        for match in (pattern.search(folded),)
        if match
    ]
    if found:
        _, start, end, kind = min(found, key=lambda one: one[:3])
        return Asked(kind, start, -end)
    spaced = f" {' '.join(_WORD.findall(folded))} "
    words = [
        (match.start(), -match.end(), kind)
        for kind, pattern in _patterns(anywhere=False)
        for match in (pattern.search(spaced),)
        if match
    ]
    return Asked(min(words, key=lambda one: one[:2])[2]) if words else Asked(QuestionType.UNKNOWN)


@cache
def _patterns(*, anywhere: bool) -> list[tuple[QuestionType, regex.Pattern[str]]]:
    """Compile a table; its words are folded as questions are."""
    if anywhere:
        return [(kind, regex.compile("|".join(map(_folded, lines)))) for kind, lines in ANYWHERE.items()]
    return [(kind, regex.compile(rf" (?:{'|'.join(map(_folded, lines))})(?= )")) for kind, lines in WORDS.items()]


def _folded(pattern: str) -> str:
    # Escapes such as \w are lower case already; the fold changes letters only.
    return lexical_fold(pattern)
