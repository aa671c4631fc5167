"""What the rest of a text says about a glyph in one place: it means the same everywhere, and names are repeated."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import regex

from qa_service.text.repair.glyphs.judge import Option, Run
from qa_service.text.repair.glyphs.words import Words, standard

_HAN = regex.compile(r"\p{Han}")
_SEEN = 2.0
_AGREED = 1.5
_FAR = 6.0
_BONUS = 4.0
_CAP = 6.0
_RARE_NAME = -11.5
_SURE = 6.0
"""A value from which a rare glyph is taken for a swap when other glyphs are judged by it."""
_GUESS = 0.5
_MOST = 40
"""Places of one glyph that are asked about each other."""


@dataclass(slots=True)
class Place:
    """A glyph in a text, and what it might stand for.

    Attributes:
        at: offset in the text.
        glyph: the character there, in the fold.
        tier: how rare it is: strange, rare or common.
        often: its occurrences in a million characters of running text.
        run, within: the run it is in, and where.
        options: the candidates; `best` of them, with its value and its lead over the next, all evidence counted.
        times: how often the glyph stands in the text, but for places apart that agree.
        agreed: how many of those there are.
        disputed: how many places of the glyph have another best option.
        repeated: how often the glyph stands beside the same neighbour.
        named: whether it may be part of a name.
        commonness: occurrences of the best option in a million characters.
        game: how far the other rare glyphs of the text look like swaps, from 0 to 1.
        density: how many of those there are in 100 characters.
    """

    at: int
    glyph: str
    tier: str
    often: float
    run: Run
    within: int
    options: list[Option]
    best: Option = field(default=Option("", -math.inf, 0.0, 0.0, ""))
    times: int = 1
    agreed: int = 0
    disputed: int = 0
    repeated: int = 1
    named: bool = False
    commonness: float = 0.0
    game: float = 0.0
    density: float = 0.0
    value: float = -math.inf
    lead: float = 0.0


def agree(places: Iterable[Place], folded: str) -> None:
    """Choose each place's best option in the light of the other places of its glyph.

    A swapped glyph stands for one character throughout a text, so that the options of its places agree; those of a
    rare character that is meant do not. Places with the same neighbour on a side say the same thing twice.
    """
    groups: dict[str, list[Place]] = defaultdict(list)
    pairs = Counter(map("".join, pairwise(folded)))
    for place in places:
        place.options = [_seen(place, option, pairs) for option in place.options]
        groups[place.glyph].append(place)
    for group in groups.values():
        votes = [] if group[0].tier == "common" or len(group) == 1 else [_vote(place) for place in _apart(group)]
        for place in group:
            others = [vote for vote in votes if vote[0] is not place]
            ranked = sorted(
                ((option.value + _agreement(option.char, others, place.glyph), option) for option in place.options),
                key=lambda item: (-item[0], item[1].char),
            )
            place.value, place.best = ranked[0]
            place.lead = ranked[0][0] - ranked[1][0] if len(ranked) > 1 else _CAP


def _seen(place: Place, option: Option, pairs: Counter[str]) -> Option:
    """Count it for an option that the text has it beside the same neighbour elsewhere."""
    text, within = place.run.text, place.within
    before = within > 0 and pairs[text[within - 1] + option.char] > 0
    behind = within + 1 < len(text) and pairs[option.char + text[within + 1]] > 0
    return replace(option, value=option.value + _SEEN * (before + behind)) if before or behind else option


_Vote = tuple[Place, dict[str, float]]


def _apart(group: list[Place]) -> list[Place]:
    """Choose places of which no two have the same neighbour on a side."""
    seen: set[str] = set()
    chosen: list[Place] = []
    for place in group:
        text, within = place.run.text, place.within
        sides = {"<" + text[max(0, within - 1) : within], ">" + text[within + 1 : within + 2]}
        if not sides & seen and len(chosen) < _MOST:
            chosen.append(place)
        seen |= sides - {"<", ">"}
    return chosen


def _vote(place: Place) -> _Vote:
    """How far each option of a place is behind its best one."""
    top = max(option.value for option in place.options)
    return place, {option.char: top - option.value for option in place.options}


def _agreement(char: str, others: list[_Vote], glyph: str) -> float:
    total = 0.0
    for _, behind in others:
        total += _AGREED - min(behind.get(char, _FAR), _FAR)
    return max(-_FAR, min(total, 0.0 if standard(glyph) else _BONUS))


def weigh(places: Sequence[Place], folded: str, words: Words) -> None:
    """Add to each place what speaks for or against a swap outside the word model."""
    pairs = Counter(map("".join, pairwise(folded)))
    often = Counter(folded)
    groups: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        groups[place.glyph].append(place)
    signs = {
        glyph: max(0.0, min(1.0, max(place.value for place in group) / _SURE))
        for glyph, group in groups.items()
        if group[0].tier != "common"
    }
    total = sum(signs.values())
    for glyph, group in groups.items():
        others = total - signs.get(glyph, 0.0)
        game = (others + _GUESS) / (len(signs) - (glyph in signs) + 2 * _GUESS)
        readings = Counter(place.best.char for place in group)
        independent = Counter(place.best.char for place in _apart(group))
        for place in group:
            char = place.best.char
            text, within = place.run.text, place.within
            left, right = text[max(0, within - 1) : within], text[within + 1 : within + 2]
            place.repeated = max(pairs[left + glyph] if left else 1, pairs[glyph + right] if right else 1)
            place.game, place.density = game, 100 * others / max(1, len(folded))
            place.named = _in_name(place, words)
            place.commonness = words.common.get(char, 0.0)
            if _HAN.match(glyph):
                place.agreed = max(0, independent[char] - 1)
                place.times = often[glyph] - place.agreed
                place.disputed = len(group) - readings[char]


def _in_name(place: Place, words: Words) -> bool:
    """Whether the glyph may belong to a name: after a surname, or the word that it would make is itself one."""
    word, text = place.best.word, place.run.text
    if len(word) > 1:
        kind = words.entries[word][1]
        if kind in words.names and words.log_probability(word) < _RARE_NAME:
            return True
    return any(
        text[before] in words.surnames
        and text[before] not in word
        and len(place.run.score(before, text[before])[1]) == 1
        for before in range(max(0, place.within - 2), place.within)
    )
