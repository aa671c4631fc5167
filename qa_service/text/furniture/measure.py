"""How long a text is, in letters and in Han characters."""

from __future__ import annotations

import re

_NO_LETTER = re.compile(r"[\W_]+")
_WIDE = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def letters_of(text: str) -> str:
    """Leave out everything but letters and digits."""
    return _NO_LETTER.sub("", text)


def size_of(letters: str) -> float:
    """Measure letters in Han characters; kana and Hangul count as such, three of other scripts as one."""
    wide = 0 if letters.isascii() else len(letters) - len(_WIDE.sub("", letters))
    return wide + (len(letters) - wide) / 3


def begins_wide(text: str) -> bool:
    """Whether a text begins with a Han character, kana or Hangul."""
    return _WIDE.match(text) is not None
