"""Glyph swaps: look-alike, sound-alike and variant characters put in place of common ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable

import regex

from qa_service.text.repair.glyphs.confidence import confidence
from qa_service.text.repair.glyphs.evidence import Place, agree, weigh
from qa_service.text.repair.glyphs.judge import Option, Run
from qa_service.text.repair.glyphs.tables import Tables
from qa_service.text.repair.glyphs.words import Words, standard, traditional
from qa_service.text.repair.steps import Change, Step, edited, unchanged

RARE = 20.0
"""A character that fewer in a million are is rare; some 3,000 are not."""
_STRANGE = 3.0
_LONGEST = 400
_HAN = regex.compile(r"\p{Han}")
_HAN_OR_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]")
_ALONE = 0.995
_GAME = {"strange": 0.85, "rare": 0.78, "common": 0.84}
"""Confidence for a repair in a text that shows nothing else, and in one that plays the game."""
_LIKELY = 0.5
_EVIDENT = 1.8
_EVIDENT_OF_1000 = 0.6
"""A text plays the game when so many different glyphs are expected to be swaps, and so many in 1,000 characters."""
_ROUNDS = 2
_NEAR = 4
_FREE = 0.3
"""A character of which at least this share stands alone is not lonely without a word."""
_EVERYWHERE = -7.5
"""What is as common as this as a word by itself (的, 是, 在) says nothing by standing alone."""
_USUAL_WORD = -15.0
"""A word at least as common as this is rarely made by a swap."""
_RESTORED = -12.0
"""A glyph that is not strange is judged where a word at least as common as this comes back."""


class _Reading:
    """What has been worked out of a text, kept from one look to the next: many runs stay as they are."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, bool], Run] = {}
        self.judged: dict[tuple[str, bool, int], list[Option]] = {}


class _Restored:
    """Words of two characters, looked up by what may come back: a cheap look before the costly one.

    Parameters:
        words: of two characters each.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._before: dict[str, set[str]] = defaultdict(set)
        self._behind: dict[str, set[str]] = defaultdict(set)
        for word in words:
            first, second = word[0], word[1]
            self._before[second].add(first)
            self._behind[first].add(second)
        self._of_glyph: dict[str, tuple[set[str], set[str]]] = {}

    def beside(self, text: str, place: int, glyph: str, candidates: Iterable[str]) -> bool:
        """Whether a candidate for the glyph at a place makes one of the words with a neighbour."""
        found = self._of_glyph.get(glyph)
        if found is None:
            chars = list(candidates)
            before = set[str]().union(*(self._before.get(char, ()) for char in chars))
            behind = set[str]().union(*(self._behind.get(char, ()) for char in chars))
            found = self._of_glyph[glyph] = before, behind
        return (place > 0 and text[place - 1] in found[0]) or text[place + 1 : place + 2] in found[1]


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
        pairs = {word: words.log_probability(word) for word in words.entries if len(word) == 2}
        self._usual = frozenset(word for word, log in pairs.items() if log > _USUAL_WORD)
        self._restored = _Restored(word for word, log in pairs.items() if log > _RESTORED)
        self._tiers: dict[str, str] = {}
        self._alone: dict[str, bool] = {}

    def __call__(self, text: str) -> Step:
        """Repair a text: boldly where different glyphs that must be swaps show the game, else only the certain."""
        folded = text.translate(self._words.fold)
        suspects = self._suspects(folded)
        if not suspects:
            return unchanged(text)
        reading = _Reading()
        places = self.places(folded, suspects, reading)
        if _evidence(places) < max(_EVIDENT, _EVIDENT_OF_1000 * len(text) / 1000):
            alone = (place for place in places if place.tier == "strange" and not standard(place.glyph))
            return edited(text, [_change(text, place) for place in alone if confidence(place) >= _ALONE])
        return edited(text, self._boldly(text, folded, reading))

    def _boldly(self, text: str, folded: str, reading: _Reading) -> list[Change]:
        """Repair round by round, since a glyph reads better once those beside it are repaired."""
        changes: list[Change] = []
        wanted = self.doubtful(folded)
        for _ in range(_ROUNDS):
            found = [place for place in self.places(folded, wanted, reading) if confidence(place) >= _GAME[place.tier]]
            if not found:
                break
            changes.extend(_change(text, place) for place in found)
            chars = list(folded)
            for place in found:
                chars[place.at] = place.best.char
            folded = "".join(chars)
            near = {at for place in found for at in range(place.at - _NEAR, place.at + _NEAR + 1)}
            wanted = near & self.doubtful(folded)
        return changes

    def _suspects(self, folded: str) -> set[int]:
        """Find the places that a first look must judge: rare characters, and common ones that go with no neighbour."""
        chars = set(folded)
        odd = {char for char in chars if self.tier(char) != "common"}
        lonely = {char for char in chars - odd if self._bound(char)}
        if not odd and not lonely:
            return set()
        after = self._words.after
        found: set[int] = set()
        doubted = odd | lonely
        for place in [place for place, char in enumerate(folded) if char in doubted]:
            char = folded[place]
            if char in odd:
                found.add(place)
            elif 0 < place < len(folded) - 1:
                joined = char in after.get(folded[place - 1], "") or folded[place + 1] in after.get(char, "")
                if not joined:
                    found.add(place)
        return found

    def doubtful(self, folded: str) -> set[int]:
        """Find the places that a second look must judge: all that is in no usual word of two and no word by itself."""
        usual = {char for char in set(folded) if self.tier(char) == "common" and not self._doubtful_alone(char)}
        found: set[int] = set()
        for place, char in enumerate(folded):
            if char in usual:
                continue
            if self.tier(char) == "common":
                before, behind = folded[max(0, place - 1) : place + 1], folded[place : place + 2]
                if before in self._usual or behind in self._usual:
                    continue
            found.add(place)
        return found

    def _doubtful_alone(self, char: str) -> bool:
        return _HAN.match(char) is not None and self._words.log_probability(char) < _EVERYWHERE

    def _bound(self, char: str) -> bool:
        """Whether a character is Han, and mostly part of a word."""
        known = self._alone.get(char)
        if known is None:
            words = self._words
            alone = math.exp(words.log_probability(char)) * 1e6 < _FREE * words.common.get(char, 0.0)
            known = self._alone[char] = alone and _HAN.match(char) is not None
        return known

    def tier(self, char: str) -> str:
        """Say how rare a character of running text is; what is neither Han nor looks so is common."""
        known = self._tiers.get(char)
        if known is None:
            often = self._words.common.get(self._words.fold.get(ord(char), char), 0.0)
            if often >= RARE or not (self._tables.is_symbol(char) or _HAN.match(char)):
                known = "common"
            else:
                known = "strange" if often < _STRANGE else "rare"
            self._tiers[char] = known
        return known

    def places(self, folded: str, wanted: Collection[int], reading: _Reading | None = None) -> list[Place]:
        """Judge the wanted places of a folded text where the character is no part of a word."""
        reading = reading or _Reading()
        found: list[Place] = []
        waiting = sorted(wanted, reverse=True)
        for match in self._runs.finditer(folded):
            while waiting and waiting[-1] < match.start():
                waiting.pop()
            numbered = folded[match.start() - 1 : match.start()].isdigit()
            while waiting and waiting[-1] < match.end():
                at = waiting.pop()
                within = at - match.start()
                key = (match[0], numbered, within)
                options = reading.judged.get(key)
                if options is None:
                    options = reading.judged[key] = self._options(reading, key)
                if options:
                    glyph = folded[at]
                    often, run = self._words.common.get(glyph, 0.0), reading.runs[match[0], numbered]
                    found.append(Place(at, glyph, self.tier(glyph), often, run, within, options))
        agree(found, folded)
        weigh(found, folded, self._words)
        return found

    def _options(self, reading: _Reading, key: tuple[str, bool, int]) -> list[Option]:
        """Judge a place of a run, given with whether a number stands before it; most need not be cut into words."""
        text, numbered, within = key
        glyph = text[within]
        tier = self.tier(glyph)
        candidates = {} if traditional(glyph) else self._tables.candidates(glyph)
        if not candidates or (tier != "strange" and not self._restored.beside(text, within, glyph, candidates)):
            return []
        run = reading.runs.get((text, numbered))
        if run is None:
            run = reading.runs[text, numbered] = Run(text, self._words, numbered)
        if len(run.score(within, glyph)[1]) > 1:
            return []
        return run.judge(within, candidates, tier == "common")


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
