"""How much better a run of text reads with another character in one place, by its best cut into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qa_service.text.repair.glyphs.words import LONGEST, Entry, Words

_GENUINE = -13.0
"""Log-probability of a rare character that is meant: rare ones are likelier together than the counts of each say."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a place might hold.

    Attributes:
        char: a candidate (in the fold).
        gain: by how much the log-probability of the run rises with it, its relation's weight included.
        relation: that weight.
        word: the word it stands in in the best cut.
    """

    char: str
    gain: float
    relation: float
    word: str


_LONGEST_PIECE = 4
_NO_PIECE = -14.0
_FINALISTS = 8
_HOPELESS = 0.0
"""Places whose best gain is below are left out, for all that the second model might add."""
_SHARE = 0.4
"""Weight of the second model beside the first."""

_Scored = list[tuple[int, float]]
"""Classes with a score each."""


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


class Run:
    """A folded run of characters, cut into words once from both sides.

    Parameters:
        text: the run.
        words: the model.
        after_number: whether digits stand before it.
    """

    def __init__(self, text: str, words: Words, after_number: bool = False) -> None:
        self.text = text
        self._words = words
        self._first = words.follow[words.number] if after_number else words.first
        self._second: Pieces | None = None
        size = len(text)
        self._ending: list[_Scored] = [[] for _ in range(size + 1)]
        self._starting: list[_Scored] = [[] for _ in range(size + 1)]
        self._into: list[dict[int, float]] = [{} for _ in range(size + 1)]
        self._out: list[dict[int, float]] = [{} for _ in range(size + 1)]
        pieces = self._pieces()
        self._forward(pieces)
        self._backward(pieces)

    def score(self, place: int, char: str, least: float = -math.inf) -> tuple[float, str]:
        """Score the run with `char` at `place`; give the log-probability and the word it then stands in.

        `least` is the lowest log-probability of the character as a word by itself.
        """
        text, words = self.text, self._words
        log, kind = words.entries.get(char, words.unseen)
        log = max(log, least - words.weight[kind])
        best, word = self._entering(place, kind) + log + self._leaving(place + 1, kind), char
        joined_left = place > 0 and char in words.after.get(text[place - 1], "")
        joined_right = place + 1 < len(text) and text[place + 1] in words.after.get(char, "")
        if not joined_left and not joined_right:
            return best, word
        first = max(0, place - LONGEST + 1) if joined_left else place
        last = min(len(text), place + LONGEST) if joined_right else place + 1
        for start in range(first, place + 1):
            head = text[start:place] + char
            for end in range(place + 1, min(last, start + LONGEST) + 1):
                entry = words.entries.get(head + text[place + 1 : end])
                if entry is None or end - start == 1:
                    continue
                log, kind = entry
                found = self._entering(start, kind) + log + self._leaving(end, kind)
                if found > best:
                    best, word = found, head + text[place + 1 : end]
        return best, word

    def judge(self, place: int, candidates: Mapping[str, float]) -> list[Option]:
        """Weigh the candidates for a place, given with their log-weights."""
        here, _ = self.score(place, self.text[place], _GENUINE)
        first: list[Option] = []
        for char, weight in candidates.items():
            score, word = self.score(place, char)
            first.append(Option(char, score - here + weight, weight, word))
        first.sort(key=lambda option: -option.gain)
        if not first or first[0].gain < _HOPELESS:
            return []
        if self._second is None:
            self._second = Pieces(self.text, self._words.pieces)
        second = self._second
        whole = second.score(place, self.text[place])
        return [
            replace(option, gain=option.gain + _SHARE * (second.score(place, option.char) - whole))
            for option in first[:_FINALISTS]
        ]

    def _pieces(self) -> list[list[tuple[int, Entry]]]:
        """For each end, the words that end there, as (start, entry)."""
        text, entries, after = self.text, self._words.entries, self._words.after
        found: list[list[tuple[int, Entry]]] = [[]]
        for end in range(1, len(text) + 1):
            here = [(end - 1, entries.get(text[end - 1], self._words.unseen))]
            for start in range(end - 2, max(-1, end - LONGEST - 1), -1):
                if text[start + 1] not in after.get(text[start], ""):
                    break
                entry = entries.get(text[start:end])
                if entry is not None:
                    here.append((start, entry))
            found.append(here)
        return found

    def _forward(self, pieces: list[list[tuple[int, Entry]]]) -> None:
        """Fill in, for each end, the best score up to there by the class of the last word (Viterbi)."""
        for end in range(1, len(pieces)):
            best: dict[int, float] = {}
            for start, (log, kind) in pieces[end]:
                score = self._entering(start, kind) + log
                if score > best.get(kind, -math.inf):
                    best[kind] = score
            self._ending[end] = list(best.items())

    def _backward(self, pieces: list[list[tuple[int, Entry]]]) -> None:
        """Fill in, for each start, the best score from there by the class of the first word."""
        starting: list[list[tuple[int, Entry]]] = [[] for _ in pieces]
        for end, here in enumerate(pieces):
            for start, entry in here:
                starting[start].append((end, entry))
        for start in range(len(pieces) - 2, -1, -1):
            best: dict[int, float] = {}
            for end, (log, kind) in starting[start]:
                score = log + self._leaving(end, kind)
                if score > best.get(kind, -math.inf):
                    best[kind] = score
            self._starting[start] = list(best.items())

    def _entering(self, offset: int, kind: int) -> float:
        """Score the text before an offset, and going on with a word of a class."""
        if offset == 0:
            return self._first[kind]
        found = self._into[offset].get(kind)
        if found is None:
            follow = self._words.follow
            found = max([score + follow[before][kind] for before, score in self._ending[offset]])
            self._into[offset][kind] = found
        return found

    def _leaving(self, offset: int, kind: int) -> float:
        """Score the text from an offset on, after a word of a class."""
        if offset == len(self.text):
            return 0.0
        found = self._out[offset].get(kind)
        if found is None:
            row = self._words.follow[kind]
            found = self._out[offset][kind] = max([score + row[after] for after, score in self._starting[offset]])
        return found
