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
_STANDARD = -3.0
_NAME = -4.0
_REPEATED = -3.0
_SEEN = 1.5
_AGREED = 1.5
_FAR = 6.0
_BONUS = 4.0
_CAP = 6.0
_RARE_NAME = -11.5
_INTERCEPT = {
    ("strange", True): -1.7,
    ("strange", False): -2.3,
    ("rare", True): -2.3,
    ("rare", False): -3.7,
    ("common", True): -4.8,
    ("common", False): -5.9,
}
_MOST = 40
"""Places of one glyph that are asked about each other."""


@dataclass(slots=True)
class Place:
    """A glyph in a text, and what it might stand for.

    Attributes:
        at: offset in the text.
        glyph: the character there, in the fold.
        tier: how rare it is: strange, rare or common.
        run, within: the run it is in, and where.
        options: the candidates; `best` of them, with its gain and its lead over the next, all evidence counted.
        times: how often the glyph stands in the text, but for places apart that agree.
        disputed: how many places of the glyph have another best option.
        commonness: occurrences of the best option in a million characters.
    """

    at: int
    glyph: str
    tier: str
    run: Run
    within: int
    options: list[Option]
    best: Option = field(default=Option("", -math.inf, 0.0, ""))
    times: int = 1
    disputed: int = 0
    commonness: float = 0.0
    gain: float = -math.inf
    lead: float = 0.0


def agree(places: Iterable[Place], folded: str) -> None:
    """Choose each place's best option in the light of the other places of its glyph.

    A swapped glyph stands for one character throughout a text, so that the options of its places agree; those of a
    rare character that is meant do not. Places with the same neighbour on a side say the same thing twice.
    """
    groups: dict[str, list[Place]] = defaultdict(list)
    pairs = Counter(map("".join, pairwise(folded)))
    for place in places:
        place.options = [replace(option, gain=option.gain + _seen(place, option, pairs)) for option in place.options]
        groups[place.glyph].append(place)
    for group in groups.values():
        votes = [] if group[0].tier == "common" else [_vote(place) for place in _apart(group)]
        for place in group:
            others = [vote for vote in votes if vote[0] is not place]
            ranked = sorted(
                ((option.gain + _agreement(option.char, others, place.glyph), option) for option in place.options),
                key=lambda item: (-item[0], item[1].char),
            )
            place.gain, place.best = ranked[0]
            place.lead = ranked[0][0] - ranked[1][0] if len(ranked) > 1 else _CAP


def _seen(place: Place, option: Option, pairs: Counter[str]) -> float:
    """Whether the text has the option beside the same neighbour elsewhere."""
    text, within = place.run.text, place.within
    before = within > 0 and pairs[text[within - 1] + option.char] > 0
    behind = within + 1 < len(text) and pairs[option.char + text[within + 1]] > 0
    return _SEEN * (before + behind)


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
    top = max(option.gain for option in place.options)
    return place, {option.char: top - option.gain for option in place.options}


def _agreement(char: str, others: list[_Vote], glyph: str) -> float:
    total = 0.0
    for _, behind in others:
        total += _AGREED - min(behind.get(char, _FAR), _FAR)
    return max(-_FAR, min(total, 0.0 if standard(glyph) else _BONUS))


def weigh(places: Sequence[Place], folded: str, words: Words) -> None:
    """Add to each place's gain what speaks for or against a swap outside the word model."""
    pairs = Counter(map("".join, pairwise(folded)))
    often = Counter(folded)
    groups: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        groups[place.glyph].append(place)
    for glyph, group in groups.items():
        readings = Counter(place.best.char for place in group)
        independent = Counter(place.best.char for place in _apart(group))
        for place in group:
            char = place.best.char
            place.gain += _context(place, pairs, words)
            place.commonness = words.common.get(char, 0.0)
            if _HAN.match(glyph):
                place.times = often[glyph] - max(0, independent[char] - 1)
                place.disputed = len(group) - readings[char]


def _context(place: Place, pairs: Counter[str], words: Words) -> float:
    text, within = place.run.text, place.within
    weight = 0.0
    if place.tier != "common" and standard(place.glyph):
        weight += _STANDARD
    if _in_name(place, words):
        weight += _NAME
    left, right = text[max(0, within - 1) : within], text[within + 1 : within + 2]
    if not _HAN.match(place.glyph) and not (_HAN.match(left) or _HAN.match(right)):
        weight += _NAME
    repeated = max(pairs[left + place.glyph] if left else 0, pairs[place.glyph + right] if right else 0)
    if repeated > 1:
        weight += _REPEATED * math.log2(repeated)
    return weight


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


def confidence(place: Place) -> float:
    """Give the probability that the best option is what was meant, from 0 to 1.

    A logistic regression, fitted on paragraphs in which 2% of the characters were swapped: to half of the pairs of
    scripts/bench/noise_pairs.tsv, and checked on the other half.
    """
    word = len(place.best.word) > 1
    common = place.tier == "common"
    gain, lead, relation = min(place.gain, 20.0), min(place.lead, _CAP), place.best.relation
    total = _INTERCEPT[place.tier, word] + (0.25 + 0.3 * common - 0.16 * word) * gain
    total += (0.58 - 0.46 * common) * lead + (0.67 - 0.46 * common) * relation
    total -= 1.07 * min(place.times - 1, 3) + 0.58 * min(place.disputed, 3)
    total += 0.15 * math.log(place.commonness + 1) - 1.06 * (not common and standard(place.glyph))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))
