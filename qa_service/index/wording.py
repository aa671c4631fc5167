"""What sentences say, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from qa_service.text.fold import lexical_fold

Tokens = Sequence[str]

FUNCTION_WORDS = frozenset("的了着著地得之") | {"a", "an", "the"}
"""Words that are lost, added and mistaken for one another without changing what is said."""
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
# A character of a script without spaces, a number with its marks, or a word.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_NUMBER = r"(?:(?<![\p{L}\p{N}])[-+])?\p{N}(?:[\p{N}.,:/-]*\p{N})?|%"
_WORD = rf"[[\p{{L}}\p{{M}}]--[{_UNSPACED}]][[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]*"
_TOKEN = regex.compile(rf"[{_UNSPACED}]|{_NUMBER}|{_WORD}", regex.V1)


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of some consecutive sentences.

    Attributes:
        sentences: the words of each.
        before, after: some of the words that stand before and after them in the article.
        swaps: how many different characters of the article were found to be put in place of others.
    """

    sentences: Sequence[Tokens]
    before: Tokens = ()
    after: Tokens = ()
    swaps: int = 0


def words_of(text: str) -> list[str]:
    """Cut a repaired text into what a reader compares: Han characters, numbers, words; without function words."""
    found = (match[0] for match in _TOKEN.finditer(lexical_fold(text).translate(_FORMAL)))
    return [word.replace(",", "") if word[-1].isdigit() else word for word in found if word not in FUNCTION_WORDS]
