"""Lines that stand several times in one article: captions between paragraphs, running heads, refrains."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from qa_service.text.furniture.tiers import Tier
from qa_service.text.furniture.units import Unit

_LEAST, _ALL = 3, 8
_LEAST_SIZE = 4.5
"""In Han characters. Shorter lines are cells of tables, names of speakers, yes and no."""
_REFRAIN = 3
"""So many lines in the same order each time are a refrain."""


def repeated_lines(units: Sequence[Unit]) -> set[int]:
    """Find lines that repeat without saying anything new.

    From the third time on all but the first, from the eighth on all, when most stand between paragraphs, those in a
    row counted as one place; all but the first of a refrain. Lines in which other repeated lines take turns are the
    headings of records, or speakers, and lines among other short lines may be cells of a table: they stay.

    Returns:
        Indices of units.
    """
    places = _places(units)
    has_prose = any(unit.is_prose for unit in units)
    captions = {
        key: found
        for key, found in places.items()
        if has_prose and _may_repeat(units[found[0]]) and _between_paragraphs(units, found, places)
    }
    found: set[int] = set()
    for key in captions.keys() - (_taking_turns(units, places) if captions else set()):
        found.update(captions[key] if len(captions[key]) >= _ALL else captions[key][1:])
    return found | _refrains(units, places)


def _places(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Find where each whole line stands that repeats and is neither a sentence nor furniture by itself."""
    places: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        look = unit.look
        if unit.whole and look.key and look.tier <= Tier.HALF and not look.ends and not look.introduces:
            places.setdefault(look.key, []).append(index)
    return {key: found for key, found in places.items() if len(found) >= _LEAST}


def _between_paragraphs(units: Sequence[Unit], found: Sequence[int], places: dict[str, list[int]]) -> bool:
    """Whether at least half of the runs stand between paragraphs, or a paragraph and an edge of the article."""
    runs = _runs(units, found)
    between = sum(
        _is_paragraph(units, first, -1, places) and _is_paragraph(units, last, 1, places) for first, last in runs
    )
    return 2 * between >= len(runs)


def _runs(units: Sequence[Unit], found: Sequence[int]) -> list[tuple[int, int]]:
    """Find where the same line stands several times in a row: the first and last of each run, often the same."""
    starts = [
        place
        for before, place in pairwise((-1, *found))
        if before < 0 or any(units[index].look.key for index in range(before + 1, place))
    ]
    ends = [found[bisect_left(found, start) - 1] for start in starts[1:]]
    return list(zip(starts, [*ends, found[-1]], strict=True))


def _is_paragraph(units: Sequence[Unit], place: int, step: int, places: dict[str, list[int]]) -> bool:
    """Whether the next unit that is neither repeated nor furniture is prose; looks past a few."""
    for distance in range(1, 5):
        index = place + step * distance
        if not 0 <= index < len(units):
            return True
        unit = units[index]
        if unit.look.key in places or unit.look.tier is Tier.ALONE or unit.look.tier is Tier.NUMBER:
            continue
        return unit.is_prose
    return False


def _taking_turns(units: Sequence[Unit], places: dict[str, list[int]]) -> set[str]:
    """Find those that others interrupt: in half of the gaps between two of a kind, another stands by itself."""
    order = sorted((place, key) for key, found in places.items() for place in found)
    bundles: list[set[str]] = []
    previous = -1
    for place, key in order:
        apart = [units[index].look.tier for index in range(previous + 1, place)]
        if bundles and len(apart) <= 1 and key not in bundles[-1] and Tier.NONE not in apart:
            bundles[-1].add(key)
        else:
            bundles.append({key})
        previous = place
    interrupted = dict.fromkeys(places, 0)
    for bundle, following in pairwise(bundles):
        for key in bundle - following:
            interrupted[key] += 1
    return {key for key, count in interrupted.items() if 2 * count >= len(places[key])}


def _refrains(units: Sequence[Unit], places: dict[str, list[int]]) -> set[int]:
    """Find blocks of lines that come back in the same order; the first time they stay."""
    starts: dict[tuple[str, ...], list[int]] = {}
    for found in places.values():
        if not _is_verse(units[found[0]]):
            continue
        for place in found:
            lines = units[place : place + _REFRAIN]
            block = tuple(unit.look.key for unit in lines)
            if len(set(block)) > 1 and all(unit.look.key in places and _is_verse(unit) for unit in lines):
                starts.setdefault(block, []).append(place)
    return {
        place + step
        for block, found in starts.items()
        if len(found) >= _LEAST and len(block) == _REFRAIN
        for place in sorted(found)[1:]
        for step in range(_REFRAIN)
    }


def _may_repeat(unit: Unit) -> bool:
    return unit.look.wording and unit.look.size >= _LEAST_SIZE


def _is_verse(unit: Unit) -> bool:
    """Whether a line may be one of a song: without numbers, which make lines rows of data."""
    return _may_repeat(unit) and not unit.look.data and not any(map(str.isdigit, unit.look.key))
