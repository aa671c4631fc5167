"""Which differences between two wordings matter: all but those that dirty text makes."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from qa_service.index.look_alikes import is_common, may_stand_for
from qa_service.index.wording import FUNCTION_WORDS, Tokens

Edit = tuple[str, int, int]
"""What turns ours into theirs: "delete" the word at the first place in ours, "insert" the one at the second in theirs,
or "replace" the one by the other."""

FULL_OF_SWAPS = 3
"""Glyphs put in place of others from which on a text is taken to have more of them."""
_FIRM = frozenset("〇零一二三四五六七八九十百千万亿两半不没无未非莫勿")
"""Numbers and negations are never taken for something else."""
_HAN = regex.compile(r"\p{Han}")


class Differences:
    """The differences of two texts, as they turn up.

    A Han character written twice, or once too often, does not matter. Nor do look-alikes that no repair has mended, in
    a text that is full of them: those that the repair found count, and the rare ones that turn up here.

    Parameters:
        swaps: how many different look-alikes the repair found in ours, and in theirs.
    """

    def __init__(self, swaps: tuple[int, int]) -> None:
        self._swaps = swaps
        self._rare: tuple[set[str], set[str]] = set(), set()
        self._doubted = [False, False]
        self._certain = False

    @property
    def matter(self) -> bool:
        """Whether one of them matters."""
        return self._certain or any(self._doubted[side] and self._evidence(side) < FULL_OF_SWAPS for side in (0, 1))

    def add(self, ours: Tokens, theirs: Tokens, edits: Iterable[Edit]) -> None:
        """Judge the edits from one wording to the other."""
        for kind, place, other in edits:
            if kind == "delete":
                self._lone(0, ours, place)
            elif kind == "insert":
                self._lone(1, theirs, other)
            else:
                self._pair(ours[place], theirs[other])

    def _lone(self, side: int, tokens: Tokens, place: int) -> None:
        """Judge a word that only one side has: the other's may be a function word, which is not kept."""
        token = tokens[place]
        beside = (*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2])
        if token in _FIRM or not _HAN.fullmatch(token):
            self._certain = True
        elif token not in beside:
            likely = not is_common(token) and any(
                may_stand_for(token, char) for char in FUNCTION_WORDS if len(char) == 1
            )
            self._doubt(side, token, likely)

    def _pair(self, one: str, two: str) -> None:
        if one in _FIRM or two in _FIRM or not (_HAN.fullmatch(one) and _HAN.fullmatch(two)):
            self._certain = True
            return
        rare = not is_common(one), not is_common(two)
        if rare[0] != rare[1]:
            side = rare.index(True)
            glyph, char = (one, two) if side == 0 else (two, one)
            self._doubt(side, glyph, may_stand_for(glyph, char))
        elif may_stand_for(one, two):
            self._doubted[self._evidence(0) < self._evidence(1)] = True
        else:
            self._certain = True

    def _doubt(self, side: int, glyph: str, likely: bool) -> None:
        self._doubted[side] = True
        if likely:
            self._rare[side].add(glyph)
        else:
            self._certain = True

    def _evidence(self, side: int) -> int:
        return self._swaps[side] + len(self._rare[side])
