"""A second model of what goes together: the best cut of a run into the pieces of a tokenizer."""

from __future__ import annotations

import math
from collections.abc import Mapping

_LONGEST_PIECE = 4
_NO_PIECE = -14.0


class Pieces:
    """A run cut into the pieces of a second, unigram model, which knows what goes together across words."""

    def __init__(self, text: str, pieces: Mapping[str, float]) -> None:
        self._text = text
        self._pieces = pieces
        self._before = _cut(text, pieces)
        self._behind = _cut(text[::-1], {}, pieces)[::-1]

    def score(self, place: int, char: str) -> float:
        """Score the run with `char` at `place`."""
        text, pieces = self._text, self._pieces
        best = self._before[place] + pieces.get(char, _NO_PIECE) + self._behind[place + 1]
        for start in range(max(0, place - _LONGEST_PIECE + 1), place + 1):
            head = text[start:place] + char
            for end in range(place + 1, min(len(text), start + _LONGEST_PIECE) + 1):
                found = pieces.get(head + text[place + 1 : end])
                if found is not None:
                    best = max(best, self._before[start] + found + self._behind[end])
        return best


def _cut(text: str, pieces: Mapping[str, float], reversed_pieces: Mapping[str, float] | None = None) -> list[float]:
    """For each prefix, the log-probability of its best cut."""
    best = [0.0]
    for end in range(1, len(text) + 1):
        top = -math.inf
        for start in range(max(0, end - _LONGEST_PIECE), end):
            piece = text[start:end]
            found = pieces.get(piece) if reversed_pieces is None else reversed_pieces.get(piece[::-1])
            if found is None and end - start == 1:
                found = _NO_PIECE
            if found is not None and best[start] + found > top:
                top = best[start] + found
        best.append(top)
    return best
