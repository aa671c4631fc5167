"""Whether a question has any content: a word that could tell one passage from another."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from qa_service.retrieval.answering.question_type import asked
from qa_service.retrieval.following.cues import is_small_talk
from qa_service.text.fold import lexical_fold

_ALONE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_LEAST = 2
_LEAST_LETTERS = 3


def is_empty(question: str, words: Sequence[str]) -> bool:
    """Tell whether a question has nothing but question words, particles, small talk and bare numbers.

    Parameters:
        words: of it, as the tokenizer gives them.
    """
    folded = lexical_fold(question)
    found = asked(folded)
    word = folded[max(found.start, 0) : max(found.end, 0)]
    return is_small_talk(question) or not any(_says_something(one, word) for one in words)


def _says_something(word: str, question_word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    return word not in question_word and letters >= (_LEAST if _ALONE.search(word) else _LEAST_LETTERS)
