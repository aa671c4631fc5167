"""Questions with a changed name, place or number, which nothing in the set answers.

A changed question asks what the paragraph does not say: one of its names or numbers is exchanged for one of the same
kind from another question, or for another number, that the paragraph does not hold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_HAN = re.compile("[\u3400-\u9fff]")
_TAGS = ("nr", "ns", "nt", "nz")
_TRIES = 20
_LEAST_LETTERS = 4
_YEARS = range(1000, 2101)

Part = tuple[str, str]
"""A piece of a question, and its kind."""


def alter(questions: Sequence[tuple[str, str]], seed: int = 5) -> list[str | None]:
    """Change a detail of each question.

    Parameters:
        questions: pairs of question and the text that answers it.

    Returns:
        For each the changed question; None where nothing can be changed.
    """
    chance = random.Random(seed)
    parts = [_parts(question) for question, _ in questions]
    pool: dict[str, list[str]] = {}
    for piece, kind in sorted({part for found in parts for part in found}):
        pool.setdefault(kind, []).append(piece)
    return [
        _altered(question, text, found, pool, chance) for (question, text), found in zip(questions, parts, strict=True)
    ]


def _altered(
    question: str, text: str, parts: Sequence[Part], pool: dict[str, list[str]], chance: random.Random
) -> str | None:
    if not parts:
        return None
    piece, kind = chance.choice(parts)
    for _ in range(_TRIES):
        other = _other_number(piece, chance) if kind == "number" else chance.choice(pool[kind])
        if other != piece and other not in question and other not in text:
            return question.replace(piece, other)
    return None


def _parts(question: str) -> list[Part]:
    """Find what can be changed: numbers, names by jieba's tags in Chinese, capitalised words elsewhere."""
    numbers = [(number, "number") for number in _NUMBER.findall(question)]
    if not _HAN.search(question):
        words = _WORD.findall(question)[1:]
        return numbers + [(word, "name") for word in words if word[0].isupper() and len(word) >= _LEAST_LETTERS]
    import jieba.posseg  # noqa: PLC0415

    found = [(pair.word, pair.flag[:2]) for pair in jieba.posseg.cut(question)]
    return numbers + [(word, tag) for word, tag in found if tag in _TAGS and len(word) > 1]


def _other_number(number: str, chance: random.Random) -> str:
    if "." in number:
        return f"{float(number) * chance.choice((0.5, 1.7, 2.3)):.1f}"
    value = int(number[:9])
    if value in _YEARS:
        return str(value + chance.choice((-37, -12, -5, -3, -2, 3, 4, 9)))
    small = 100
    changed = value + chance.choice((1, 2, 3, 5, -1, -2, 7)) if value < small else int(value * chance.uniform(0.5, 2))
    return str(max(1, changed))
