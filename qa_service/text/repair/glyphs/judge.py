"""How much better a run of text reads with another character in one place, by its best cut into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from qa_service.text.repair.glyphs.pieces import Pieces
from qa_service.text.repair.glyphs.words import LONGEST, Entry, Words

_GENUINE = -13.0
"""Log-probability of a rare character that is meant: rare ones are likelier together than the counts of each say."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a place might hold.

    Attributes:
        char: a candidate (in the fold).
        value: all that speaks for it, as a log-probability up to a constant.
        gain: by how much the log-probability of the run rises with it.
        prior: its log-probability before any context.
        word: the word it stands in in the best cut.
    """

    char: str
    value: float
    gain: float
    prior: float
    word: str


# Weights of the evidence in an option's value: a conditional logit, fitted like `confidence.confidence`.
_GAIN = 0.5
_PRIOR = 1.1
_WORD = {False: 1.4, True: 0.75}
"""For standing in a word; less where the glyph is a common character."""
_LONG_WORD = 0.8
_SHARE = 0.1
"""Of the gain by the second model."""
_FINALISTS = 3
_LONE = 5
"""Candidates tried that form no word with a neighbour."""
_FAR_FETCHED = -5.5
"""A common glyph stands for nothing less likely than that before any context."""
_HOPELESS = -1.0
"""Options whose value is below are left out."""
_Scored = list[tuple[int, float]]
"""Classes with a score each."""


class _Spans(NamedTuple):
    """What may stand around a place in a word: characters that go with the neighbours, and (head, tail, start, end)."""

    follow: str
    lead: str
    left: list[tuple[str, str, int, int]]
    right: list[tuple[str, str, int, int]]
    both: list[tuple[str, str, int, int]]


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
        self._spanned: dict[int, _Spans] = {}
        self._reach_left: list[int]
        self._reach_right: list[int]
        size = len(text)
        self._ending: list[_Scored] = [[] for _ in range(size + 1)]
        self._starting: list[_Scored] = [[] for _ in range(size + 1)]
        self._into: list[dict[int, float]] = [{} for _ in range(size + 1)]
        self._out: list[dict[int, float]] = [{} for _ in range(size + 1)]
        self._reaches()
        pieces = self._pieces()
        self._forward(pieces)
        self._backward(pieces)

    def score(self, place: int, char: str, least: float = -math.inf) -> tuple[float, str]:
        """Score the run with `char` at `place`; give the log-probability and the word it then stands in.

        `least` is the lowest log-probability of the character as a word by itself.
        """
        words = self._words
        log, kind = words.entries.get(char, words.unseen)
        log = max(log, least - words.weight[kind])
        best, word = self._entering(place, kind) + log + self._leaving(place + 1, kind), char
        spans = self._spans(place)
        goes_left, goes_right = char in spans.follow, char in spans.lead
        if not goes_left and not goes_right:
            return best, word
        frames = spans.both if goes_left and goes_right else spans.left if goes_left else spans.right
        entries = words.entries
        for head, tail, start, end in frames:
            entry = entries.get(head + char + tail)
            if entry is not None:
                log, kind = entry
                found = self._entering(start, kind) + log + self._leaving(end, kind)
                if found > best:
                    best, word = found, head + char + tail
        return best, word

    def _spans(self, place: int) -> _Spans:
        """Find where words over a place may begin and end, once for all characters tried there."""
        found = self._spanned.get(place)
        if found is None:
            text = self.text
            first, last = self._reach_left[place], self._reach_right[place]
            both = [
                (text[start:place], text[place + 1 : end], start, end)
                for start in range(first, place + 1)
                for end in range(place + 1, min(last, start + LONGEST) + 1)
                if end - start > 1
            ]
            left = [frame for frame in both if not frame[1]]
            right = [frame for frame in both if not frame[0]]
            found = self._spanned[place] = _Spans(*self.neighbourly(place), left, right, both)
        return found

    def neighbourly(self, place: int) -> tuple[str, str]:
        """Give the characters that within words follow the one before `place`, and precede the one behind it."""
        text, words = self.text, self._words
        follow = words.after.get(text[place - 1], "") if place else ""
        lead = words.before.get(text[place + 1], "") if place + 1 < len(text) else ""
        return follow, lead

    def judge(self, place: int, candidates: Mapping[str, float], common: bool) -> list[Option]:
        """Weigh candidates for a place, given likeliest first with their log-probabilities before any context.

        `common` says that the glyph there is a common character.
        """
        here, _ = self.score(place, self.text[place], _GENUINE)
        lone_ones = 0 if common else _LONE
        found: list[tuple[float, float, float, str, str]] = []
        lone = 0
        follow, lead = self._spans(place)[:2]
        for char, prior in candidates.items():
            if common and prior < _FAR_FETCHED:
                break
            if char not in follow and char not in lead:
                lone += 1
                if lone > lone_ones:
                    continue
            score, word = self.score(place, char)
            value = _GAIN * (score - here) + _PRIOR * prior
            if len(word) > 1:
                value += _WORD[common] + _LONG_WORD * (len(word) > 2)
            if value >= _HOPELESS:
                found.append((value, score - here, prior, char, word))
        if not found:
            return []
        found.sort(key=lambda item: (-item[0], item[3]))
        if self._second is None:
            self._second = Pieces(self.text, self._words.pieces)
        second = self._second
        whole = second.score(place, self.text[place])
        return [
            Option(char, value + _SHARE * (second.score(place, char) - whole), gain, prior, word)
            for value, gain, prior, char, word in found[:_FINALISTS]
        ]

    def _reaches(self) -> None:
        """For each place, how far words may reach to its left and to its right, by the pairs within words."""
        text, after = self.text, self._words.after
        size = len(text)
        self._reach_left = [0] * size
        self._reach_right = [size] * size
        bound = [text[at + 1] in after.get(text[at], "") for at in range(size - 1)]
        for place in range(size):
            start = place - 1
            while start > 0 and place - start < LONGEST - 1 and bound[start - 1]:
                start -= 1
            self._reach_left[place] = max(0, start)
            end = place + 2
            while end < size and end - place < LONGEST and bound[end - 1]:
                end += 1
            self._reach_right[place] = min(size, end)

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
