"""Which differences between two wordings matter: all but those that dirty text makes."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from qa_service.index.look_alikes import is_common, may_stand_for
from qa_service.index.wording import PARTICLES, Tokens

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

    A word that only one side has matters, even a particle or a character written twice: names have these too, and the
    repair has mended what it was sure of. Look-alikes that no repair has mended, and particles put for one another, do
    not matter in a text that is full of them: those that the repair found count, and the rare ones that turn up here.

    Parameters:
        swaps: how many different look-alikes the repair found in ours, and in theirs.
    """

    def __init__(self, swaps: tuple[int, int]) -> None:
        self._swaps = swaps
        self._rare: tuple[set[str], set[str]] = set(), set()
        self._doubted = [False, False]
        self._real = False

    @property
    def matter(self) -> bool:
        """Whether one of them matters."""
        return self._real or any(self._doubted[side] and self._evidence(side) < FULL_OF_SWAPS for side in (0, 1))

    def add(self, ours: Tokens, theirs: Tokens, edits: Iterable[Edit]) -> None:
        """Judge the edits from one wording to the other."""
        for kind, place, other in edits:
            if kind == "replace":
                self._pair(ours[place], theirs[other])
            else:
                self._real = True

    def _pair(self, one: str, two: str) -> None:
        if one in _FIRM or two in _FIRM or not (_HAN.fullmatch(one) and _HAN.fullmatch(two)):
            self._real = True
            return
        rare = not is_common(one), not is_common(two)
        if rare[0] != rare[1]:
            side = rare.index(True)
            glyph, char = (one, two) if side == 0 else (two, one)
            self._doubt(side, glyph, may_stand_for(glyph, char))
        elif may_stand_for(one, two) or {one, two} <= PARTICLES:
            self._doubted[self._evidence(0) < self._evidence(1)] = True
        else:
            self._real = True

    def _doubt(self, side: int, glyph: str, likely: bool) -> None:
        self._doubted[side] = True
        if likely:
            self._rare[side].add(glyph)
        else:
            self._real = True

    def _evidence(self, side: int) -> int:
        return self._swaps[side] + len(self._rare[side])
