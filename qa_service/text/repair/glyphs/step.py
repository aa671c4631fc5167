"""Glyph swaps: look-alike, sound-alike and variant characters put in place of common ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import regex

from qa_service.text.repair.glyphs.evidence import Place, agree, confidence, weigh
from qa_service.text.repair.glyphs.judge import Run
from qa_service.text.repair.glyphs.tables import Tables
from qa_service.text.repair.glyphs.words import Words, standard
from qa_service.text.repair.steps import Change, Step, edited, unchanged

RARE = 20.0
"""A character that fewer in a million are is rare; some 3,000 are not."""
_STRANGE = 3.0
_LONGEST = 400
_HAN = regex.compile(r"\p{Han}")
_HAN_OR_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]")
_ALONE = 0.995
_GAME = {"strange": 0.88, "rare": 0.88, "common": 0.82}
"""Confidence for a repair in a text that shows nothing else, and in one that plays the game."""
_LIKELY = 0.5
_EVIDENT = 1.6
_EVIDENT_OF_1000 = 0.6
"""A text plays the game when so many different glyphs are expected to be swaps, and so many in 1,000 characters."""
_ROUNDS = 2
_NEAR = 4
_FREE = 0.3
"""A character of which at least this share stands alone is not lonely without a word."""
_COMMON = 2.0
"""Of common glyphs only the closest relations count, since each has its own meaning nearly everywhere."""


class GlyphRepair:
    """The step, over given statistics and tables.

    Parameters:
        words: the word model.
        tables: which characters a glyph may stand for.
    """

    def __init__(self, words: Words, tables: Tables) -> None:
        self._words = words
        self._tables = tables
        # Kana are letters of a text of their own far more often than they are swaps.
        others = (char for char in sorted(tables.symbols) if not _HAN_OR_KANA.match(char))
        symbols = "".join(map(regex.escape, others))
        self._runs = regex.compile(rf"[\p{{Han}}{symbols}]{{2,{_LONGEST}}}")

    def __call__(self, text: str) -> Step:
        """Repair a text: boldly where different glyphs that must be swaps show the game, else only the certain."""
        folded = text.translate(self._words.fold)
        suspects = self._suspects(folded)
        if not suspects:
            return unchanged(text)
        places = self.places(folded, suspects.__contains__)
        if _evidence(places) < max(_EVIDENT, _EVIDENT_OF_1000 * len(text) / 1000):
            alone = (place for place in places if place.tier == "strange" and not standard(place.glyph))
            return edited(text, [_change(text, place) for place in alone if confidence(place) >= _ALONE])
        return edited(text, self._boldly(text, folded))

    def _boldly(self, text: str, folded: str) -> list[Change]:
        """Repair round by round, since a glyph reads better once those beside it are repaired."""
        changes: list[Change] = []
        near: set[int] | None = None
        for _ in range(_ROUNDS):
            found = self._found(folded, near)
            changes.extend(_change(text, place) for place in found)
            chars = list(folded)
            for place in found:
                chars[place.at] = place.best.char
            folded = "".join(chars)
            near = {at for place in found for at in range(place.at - _NEAR, place.at + _NEAR + 1)}
        return changes

    def _found(self, folded: str, near: set[int] | None) -> list[Place]:
        """Find the swaps anywhere, or among the rare characters and the places near those that changed."""
        odd = {char for char in set(folded) if self.tier(char) != "common"}
        places = self.places(folded, lambda at: near is None or at in near or folded[at] in odd)
        return [place for place in places if confidence(place) >= _GAME[place.tier]]

    def _suspects(self, folded: str) -> set[int]:
        """Find the places that a first look must judge: rare characters, and common ones that go with no neighbour."""
        odd = {char for char in set(folded) if self.tier(char) != "common"}
        lonely = {char for char in set(folded) - odd if _HAN.match(char) and self._bound(char)}
        after = self._words.after
        found: set[int] = set()
        for place, char in enumerate(folded):
            if char in odd:
                found.add(place)
            elif char in lonely and 0 < place < len(folded) - 1:
                joined = char in after.get(folded[place - 1], "") or folded[place + 1] in after.get(char, "")
                if not joined:
                    found.add(place)
        return found

    def _bound(self, char: str) -> bool:
        """Whether a character is mostly part of a word."""
        words = self._words
        return math.exp(words.log_probability(char)) * 1e6 < _FREE * words.common.get(char, 0.0)

    def tier(self, char: str) -> str:
        """Say how rare a character of running text is; what is neither Han nor looks so is common."""
        folded = self._words.fold.get(ord(char), char)
        often = self._words.common.get(folded, 0.0)
        if often >= RARE or not (self._tables.is_symbol(char) or _HAN.match(char)):
            return "common"
        return "strange" if often < _STRANGE else "rare"

    def places(self, folded: str, wanted: Callable[[int], bool]) -> list[Place]:
        """Judge the wanted places of a folded text where the character is no part of a word."""
        found: list[Place] = []
        for match in self._runs.finditer(folded):
            run = None
            for place, char in enumerate(match[0]):
                if not wanted(match.start() + place):
                    continue
                if run is None:
                    run = Run(match[0], self._words, folded[match.start() - 1 : match.start()].isdigit())
                if len(run.score(place, char)[1]) > 1:
                    continue
                tier = self.tier(char)
                options = run.judge(place, self._candidates(run, place, tier))
                if options:
                    found.append(Place(match.start() + place, char, tier, run, place, options))
        agree(found, folded)
        weigh(found, folded, self._words)
        return found

    def _candidates(self, run: Run, place: int, tier: str) -> Mapping[str, float]:
        """Find what the glyph there may stand for; for a common one, only what goes with a neighbour."""
        text, after = run.text, self._words.after
        found = self._tables.candidates(text[place])
        if tier != "common":
            return found
        following = after.get(text[place - 1], "") if place else ""
        right = text[place + 1] if place + 1 < len(text) else None
        return {
            char: _COMMON * weight
            for char, weight in found.items()
            if char in following or (right is not None and right in after.get(char, ""))
        }


def _evidence(places: Iterable[Place]) -> float:
    """Expect how many different glyphs are swaps, of those that are likelier so than not."""
    best: dict[str, float] = {}
    for place in places:
        sure = confidence(place)
        if sure > _LIKELY:
            best[place.glyph] = max(sure, best.get(place.glyph, 0.0))
    return sum(best.values())


def _change(text: str, place: Place) -> Change:
    word = place.best.word
    reason = f"swapped glyph: {word}" if len(word) > 1 else "swapped glyph"
    return Change("glyph", place.at, place.at + 1, text[place.at], place.best.char, reason)
