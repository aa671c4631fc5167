"""Characters written twice by accident, as in 有信心心打赢; never a reduplication such as 天天, 爸爸 or 高高."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.repair.glyphs.judge import Run
from qa_service.text.repair.glyphs.words import Words
from qa_service.text.repair.steps import Change, Step, edited, unchanged

_TWICE = regex.compile(r"(\p{Han})(?<!\1\1)\1(?!\1)")
_REACH = 8
_BEFORE = regex.compile(rf"\p{{Han}}{{0,{_REACH}}}$")
_BEHIND = regex.compile(rf"\p{{Han}}{{0,{_REACH}}}")
_GAIN = 7.0
_USUAL = -13.0
_GRAMMATICAL = frozenset("的了在是和与為为")
_GAIN_GRAMMATICAL = 5.5


class Doubled:
    """The step, over given word statistics."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, text: str) -> Step:
        """Drop the second of two like characters where the text reads far better with one, and no word has both."""
        if not _TWICE.search(text):
            return unchanged(text)
        return edited(text, self._changes(text))

    def _changes(self, text: str) -> Iterator[Change]:
        for match in _TWICE.finditer(text):
            word = self._word_restored(text, match.start())
            if word:
                second = match.start() + 1
                yield Change("doubled", second, second + 1, text[second], "", f"written twice: {word}")

    def _word_restored(self, text: str, place: int) -> str:
        """Give the word that the first of the two characters ends, or nothing when both may be meant."""
        char = text[place].translate(self._words.fold)
        left = _BEFORE.search(text[max(0, place - _REACH) : place])
        right = _BEHIND.match(text[place + 2 : place + 2 + _REACH])
        before = left[0].translate(self._words.fold) if left else ""
        behind = right[0].translate(self._words.fold) if right else ""
        twice, once = Run(before + char * 2 + behind, self._words), Run(before + char + behind, self._words)
        here = len(before)
        score_twice, first = twice.score(here, char)
        _, second = twice.score(here + 1, char)
        if self._words.log_probability(char * 2) > _USUAL or char * 2 in first or len(second) > 1:
            return ""
        score_once, word = once.score(here, char)
        gain = score_once - score_twice
        if char in _GRAMMATICAL:
            return word if gain >= _GAIN_GRAMMATICAL else ""
        if gain < _GAIN or len(word) < 2 or not word.endswith(char):
            return ""
        # A lone character after the two is rather the second half of a compound that no dictionary has: 背鳍鳍条.
        goes_on = bool(behind) and len(twice.score(here + 2, behind[0])[1]) < 2
        return "" if goes_on else word
