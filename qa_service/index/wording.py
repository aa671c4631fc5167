"""What sentences say, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from qa_service.text.prints import UNSPACED, comparable

Tokens = Sequence[str]

PARTICLES = frozenset("的了着著地得")
"""Characters without a meaning of their own that dirty text mistakes for one another. Names have them too."""
_ARTICLES = frozenset({"an", "the"})
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
# A character of a script without spaces, a number with its marks, letters, or a symbol.
_NUMBER = r"-?\.?\p{N}+(?:[^\p{L}\p{M}\p{N}\s]+\p{N}+)*"
_WORD = rf"[[\p{{L}}\p{{M}}]--[{UNSPACED}]]+"
_TOKEN = regex.compile(rf"[{UNSPACED}]|{_NUMBER}|{_WORD}|[^\s\p{{L}}\p{{M}}\p{{N}}]", regex.V1)


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
    """Cut a repaired text into what a reader compares: Han characters, numbers, words, symbols; without articles."""
    return [word for word in _TOKEN.findall(comparable(text).translate(_FORMAL)) if word not in _ARTICLES]
