"""Learning page furniture from what a collection's articles have in common.

A unit of text is furniture of a site when enough of the site's articles have it at their edge, before the first or
after the last sentence that is their own, although what they say differs. A wire story printed by many sites is none:
articles that consist of it have little of their own. Nor is a quotation: it stands in the middle. What is learnt
depends only on which articles are there, not on the order they came in.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from qa_service.store import furniture
from qa_service.store.catalog import Connection
from qa_service.text.prints import NO_PRINT
from qa_service.text.units import BODY, DATA, LINE, LOCAL, OMITTED

LEAST_ARTICLES = 5
"""Articles of different content that must have a line at their edge before it counts as furniture."""
LEAST_FOR_SENTENCES = 12
"""The same for whole sentences, such as disclaimers."""
LEAST_FOR_DATA = 20
"""The same for what holds numbers or a label's value, which articles may share by chance, such as opening hours; and
for short lines that stand in the middle, such as "advertisement"."""
LARGE_SITE = 4
"""In a large site chance repeats more: a line needs the square root of the site's articles, divided by this."""
OWN_SHARE = 0.5
"""An article says something about furniture only if at least this share of its letters is its own."""
SAME_SHARE = 1 / 3
"""Articles that share this much of their own sentences are one content."""
SHORT_LINE = 12
GROWTH = 1.25
"""What was judged not to be furniture is judged again when this many times as many articles have it."""
SAMPLE = 512
"""Articles looked at for a print; which ones is decided by their content."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was learnt: prints that are furniture now, prints that are no more, and articles to process anew, by row."""

    learnt: frozenset[int] = frozenset()
    forgotten: frozenset[int] = frozenset()
    articles: Sequence[int] = ()


NOTHING = Findings()


@dataclass(frozen=True)
class _Profile:
    """An article as the learner sees it: its units in order, and which of them are its own."""

    site: str
    units: Sequence[tuple[int, int, int]]
    own: Set[int] = field(default_factory=frozenset)

    @cached_property
    def edges(self) -> tuple[int, int]:
        """Where its own sentences begin and end."""
        places = [place for place, (number, _, kind) in enumerate(self.units) if kind & BODY and number in self.own]
        return (places[0], places[-1]) if places else (0, -1)

    @cached_property
    def speaks(self) -> bool:
        """Whether enough of it is its own."""
        total = sum(length for _, length, kind in self.units if not kind & LOCAL)
        own = sum(length for number, length, kind in self.units if kind & BODY and number in self.own)
        return total > 0 and own >= OWN_SHARE * total

    def places(self, number: int) -> list[tuple[int, int, int]]:
        """Find a print: (place, length, kind) of each of its units."""
        return [(place, length, kind) for place, (found, length, kind) in enumerate(self.units) if found == number]


def learn(
    connection: Connection, collection: int, added: Mapping[int, int] | None, fresh: Iterable[int] = ()
) -> Findings:
    """Learn which units are furniture.

    Parameters:
        added: prints that may have become furniture, each with the number of articles that just brought it; None
            looks at all prints, and also forgets those that are furniture no more.
        fresh: rows of articles that were cut before the latest was learnt, perhaps; they are compared with it.
    """
    learner = _Learner(connection, collection)
    if added is None:
        known = furniture.learnt(connection, collection)
        often = furniture.held_often(connection, collection, LEAST_ARTICLES)
    else:
        known = furniture.among(connection, collection, added)
        counts = furniture.count_holders(connection, collection, added.keys() - known)
        often = [number for number, count in counts.items() if _is_due(count, added[number])]
    found = {number for number in often if learner.is_furniture(number)}
    learnt = found - known
    forgotten = known - found if added is None else set()
    rows = furniture.holders(connection, collection, learnt | forgotten) | set(fresh)
    late = _stale(connection, collection, rows, learnt, forgotten)
    return Findings(frozenset(learnt), frozenset(forgotten), late)


def _is_due(count: int, added: int) -> bool:
    """Whether a print that so many articles have is worth judging again: more seldom the more there are."""
    if count < LEAST_ARTICLES:
        return False
    return count <= LEAST_FOR_DATA or int(math.log(count, GROWTH)) > int(math.log(max(count - added, 1), GROWTH))


def stale(connection: Connection, collection: int, prints: Set[int]) -> list[int]:
    """List, by row, the articles with any of the prints that leave out something else than was learnt."""
    return _stale(connection, collection, furniture.holders(connection, collection, prints), set(), set())


def _stale(
    connection: Connection, collection: int, rows: Iterable[int], learnt: Set[int], forgotten: Set[int]
) -> list[int]:
    found = []
    for row in sorted(rows):
        units = {number: kind for number, _, kind in _units(connection, row) if not kind & LOCAL and number != NO_PRINT}
        known = (furniture.among(connection, collection, units) | learnt) - forgotten
        if any(bool(kind & OMITTED) != (number in known) for number, kind in units.items()):
            found.append(row)
    return found


class _Learner:
    """Judges prints; keeps the profiles of the articles it has read."""

    def __init__(self, connection: Connection, collection: int) -> None:
        self._connection = connection
        self._collection = collection
        self._profiles: dict[int, _Profile] = {}
        self._common: dict[int, bool] = {}
        self._sizes: dict[str, int] = {}

    def is_furniture(self, number: int) -> bool:
        """Judge a print by the articles that have it, site by site."""
        by_site: dict[str, list[int]] = defaultdict(list)
        for row, site in furniture.sample(self._connection, self._collection, number, SAMPLE):
            by_site[site].append(row)
        return any(
            self._of_site(number, [self._profile(row, site) for row in rows], self._size(site))
            for site, rows in by_site.items()
            if len(rows) >= LEAST_ARTICLES
        )

    def _of_site(self, number: int, profiles: Sequence[_Profile], articles: int) -> bool:
        lines, sentences, inside, data = [], [], [], False
        for profile in profiles:
            found = profile.places(number)
            if not profile.speaks or not found:
                continue
            first, last = profile.edges
            data = data or any(kind & DATA for _, _, kind in found)
            is_line = all(kind & LINE for _, _, kind in found)
            if all(place < first or place > last for place, _, _ in found):
                sentences.append(profile)
                if is_line:
                    lines.append(profile)
            if is_line and all(length <= SHORT_LINE for _, length, _ in found):
                inside.append(profile)
        large = math.isqrt(articles) // LARGE_SITE
        least = max(LEAST_FOR_DATA if data else LEAST_ARTICLES, large)
        return (
            _contents(lines) >= least
            or _contents(sentences) >= max(least, LEAST_FOR_SENTENCES)
            or _contents(inside) >= max(LEAST_FOR_DATA, large)
        )

    def _size(self, site: str) -> int:
        if site not in self._sizes:
            self._sizes[site] = furniture.site_size(self._connection, self._collection, site)
        return self._sizes[site]

    def _profile(self, row: int, site: str) -> _Profile:
        if row not in self._profiles:
            units = _units(self._connection, row)
            self._count({number for number, _, kind in units if kind & BODY})
            own = frozenset(number for number, _, kind in units if kind & BODY and not self._common[number])
            self._profiles[row] = _Profile(site, units, own)
        return self._profiles[row]

    def _count(self, prints: Set[int]) -> None:
        """Find out which prints many articles have."""
        unknown = prints - self._common.keys()
        counts = furniture.count_holders(self._connection, self._collection, unknown, LEAST_ARTICLES)
        self._common.update((number, count >= LEAST_ARTICLES) for number, count in counts.items())


def _units(connection: Connection, row: int) -> list[tuple[int, int, int]]:
    return [unit for units in furniture.units(connection, row) for unit in units.tolist()]


def _contents(profiles: Sequence[_Profile]) -> int:
    """Count different contents: articles that share much of what is their own are one."""
    holders: dict[int, list[int]] = defaultdict(list)
    for place, profile in enumerate(profiles):
        for number in profile.own:
            holders[number].append(place)
    shared: Counter[tuple[int, int]] = Counter()
    for places in holders.values():
        shared.update((a, b) for i, a in enumerate(places) for b in places[i + 1 :])
    group = list(range(len(profiles)))
    for (a, b), count in sorted(shared.items()):
        if count >= SAME_SHARE * min(len(profiles[a].own), len(profiles[b].own)):
            joined = {group[a], group[b]}
            group = [min(joined) if mark in joined else mark for mark in group]
    return len(set(group))
