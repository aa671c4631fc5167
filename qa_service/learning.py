"""Learning page furniture from what the articles of a site have in common.

A unit of text is furniture of a site when a good share of the site's articles have it at their edge, before the first
or after the last sentence that is their own, although what they say differs. Articles that name no site are one site of
their own, of which a larger share is asked, since they may come from anywhere. A wire story printed by many is none:
articles that consist of it have little of their own. Nor is a quotation: it stands in the middle. What is learnt
depends only on which articles are there, not on the order they came in.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from qa_service.store import articles, furniture
from qa_service.store.catalog import Connection
from qa_service.text.units import BODY, DATA, LINE, LOCAL, OMITTED, may_be_learnt

LEAST_ARTICLES = 5
"""Articles of different content that must have a line at their edge before it counts as furniture."""
LEAST_FOR_SENTENCES = 12
"""The same for whole sentences, such as disclaimers."""
LEAST_FOR_DATA = 20
"""The same for what holds numbers or a label's value, which articles may share by chance, such as opening hours."""
SITE_SHARE = 0.2
"""Share of a site's articles that must have it: a site may have several kinds of pages."""
UNKNOWN_SHARE = 0.5
"""The same where articles name no site."""
OWN_SHARE = 0.5
"""An article says something about furniture only if at least this share of its letters is its own."""
SAME_SHARE = 1 / 3
"""Articles that share this much of their own sentences are one content."""
GROWTH = 1.25
"""What was judged is judged again when this many times as many articles have it, or the site has."""
SAMPLE = 512
"""Articles of a site looked at for a print; which ones is decided by their content."""

Mark = tuple[str, int]
"""A site and a print."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was learnt: furniture of sites, what is furniture no more, and articles to process anew, by row."""

    learnt: frozenset[Mark] = frozenset()
    forgotten: frozenset[Mark] = frozenset()
    articles: Sequence[int] = ()

    def applied(self, site: str, known: Set[int], wanted: Set[int]) -> set[int]:
        """Give which of some prints are furniture of a site, when `known` of them were before."""
        now = {number for number in wanted if (site, number) in self.learnt} | known
        return {number for number in now if (site, number) not in self.forgotten}


NOTHING = Findings()


@dataclass(frozen=True)
class _Profile:
    """An article as the learner sees it: its units in order, and which of them are its own."""

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

    def places(self, number: int) -> list[tuple[int, int]]:
        """Find a print: (place, kind) of each of its units."""
        return [(place, kind) for place, (found, _, kind) in enumerate(self.units) if found == number]


def learn(connection: Connection, collection: int, fresh: Sequence[int], gone: Mapping[str, int]) -> Findings:
    """Learn from articles that came, given by row, and went, counted by site."""
    learner = _Learner(connection, collection)
    sites = articles.sites(connection, list(fresh))
    change = Counter(sites.values()) + Counter(gone)
    known = {mark for site in change for mark in furniture.learnt(connection, collection, site)}
    added: Counter[Mark] = Counter()
    for row in fresh:
        added.update({(sites[row], number) for number in _prints(connection, row)})
    counts = furniture.count_holders(connection, collection, {number for _, number in added}, LEAST_ARTICLES)
    candidates = {
        (site, number)
        for site, number in added.keys() - known
        if counts[number] >= LEAST_ARTICLES and _is_due(learner.count(site, number), added[site, number])
    }
    doubted = {mark for mark in known if _is_due(learner.size(mark[0]), change[mark[0]])}
    found = {mark for mark in candidates | doubted if learner.is_furniture(*mark)}
    return _findings(connection, collection, found - known, doubted - found, fresh)


def learn_all(connection: Connection, collection: int) -> Findings:
    """Learn from everything that is there, whatever was learnt before.

    After a crash all articles are looked at: some may leave out what was learnt, but was not recorded.
    """
    unfinished = furniture.is_unfinished(connection, collection)
    rows = [row for row, _ in articles.live(connection, collection)] if unfinished else []
    learner = _Learner(connection, collection)
    found = {
        (site, number)
        for number in furniture.held_often(connection, collection, LEAST_ARTICLES)
        for site in furniture.count_by_site(connection, collection, number)
        if learner.is_furniture(site, number)
    }
    known = furniture.learnt(connection, collection)
    return _findings(connection, collection, found - known, known - found, rows)


def mistaken(connection: Connection, collection: int) -> list[int]:
    """List, by row, the articles that leave out something else than was learnt, though nobody is at work on it."""
    if furniture.is_unfinished(connection, collection):
        return []
    rows = {row for row, _ in articles.live(connection, collection)}
    return _stale(connection, collection, rows - set(furniture.not_learnt(connection, collection)), NOTHING)


def stale(connection: Connection, collection: int, marks: Iterable[Mark]) -> list[int]:
    """List, by row, the articles with any of the marks that leave out something else than was learnt."""
    rows = {row for mark in marks for row in furniture.holders(connection, collection, *mark)}
    return _stale(connection, collection, rows, NOTHING)


def _findings(
    connection: Connection, collection: int, learnt: Set[Mark], forgotten: Set[Mark], fresh: Iterable[int]
) -> Findings:
    """Find the articles that it concerns; fresh ones may have been cut before the latest was learnt."""
    found = Findings(frozenset(learnt), frozenset(forgotten))
    rows = {row for mark in learnt | forgotten for row in furniture.holders(connection, collection, *mark)}
    return Findings(found.learnt, found.forgotten, _stale(connection, collection, rows | set(fresh), found))


def _stale(connection: Connection, collection: int, rows: Set[int], found: Findings) -> list[int]:
    sites = articles.sites(connection, sorted(rows))
    late = []
    for row, site in sorted(sites.items()):
        units = {number: kind for number, _, kind in _units(connection, row) if may_be_learnt(number, kind)}
        known = found.applied(site, furniture.among(connection, collection, site, units), units.keys())
        if any(bool(kind & OMITTED) != (number in known) for number, kind in units.items()):
            late.append(row)
    return late


def _is_due(count: int, change: int) -> bool:
    """Whether it is time to judge what so many have: always when they are few, more seldom the more there are."""
    if count <= LEAST_FOR_DATA:
        return True
    return int(math.log(count, GROWTH)) != int(math.log(max(count - change, 1), GROWTH))


class _Learner:
    """Judges prints; keeps the profiles of the articles it has read."""

    def __init__(self, connection: Connection, collection: int) -> None:
        self._connection = connection
        self._collection = collection
        self._profiles: dict[int, _Profile] = {}
        self._common: dict[int, bool] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[int, dict[str, int]] = {}

    def is_furniture(self, site: str, number: int) -> bool:
        """Judge a print by the articles of a site that have it."""
        count = self.count(site, number)
        if count < LEAST_ARTICLES or count < (SITE_SHARE if site else UNKNOWN_SHARE) * self.size(site):
            return False
        lines, sentences, data = [], [], False
        for row in furniture.sample(self._connection, self._collection, site, number, SAMPLE):
            profile = self._profile(row)
            found = profile.places(number)
            first, last = profile.edges
            data = data or any(kind & DATA for _, kind in found)
            if profile.speaks and all(place < first or place > last for place, _ in found):
                sentences.append(profile)
                if all(kind & LINE for _, kind in found):
                    lines.append(profile)
        least = LEAST_FOR_DATA if data else LEAST_ARTICLES
        return _contents(lines) >= least or _contents(sentences) >= max(least, LEAST_FOR_SENTENCES)

    def count(self, site: str, number: int) -> int:
        """Count the site's articles that have a print."""
        if number not in self._counts:
            self._counts[number] = furniture.count_by_site(self._connection, self._collection, number)
        return self._counts[number].get(site, 0)

    def size(self, site: str) -> int:
        """Count the site's articles."""
        if site not in self._sizes:
            self._sizes[site] = furniture.site_size(self._connection, self._collection, site)
        return self._sizes[site]

    def _profile(self, row: int) -> _Profile:
        if row not in self._profiles:
            units = _units(self._connection, row)
            self._find_common({number for number, _, kind in units if kind & BODY})
            own = frozenset(number for number, _, kind in units if kind & BODY and not self._common[number])
            self._profiles[row] = _Profile(units, own)
        return self._profiles[row]

    def _find_common(self, prints: Set[int]) -> None:
        """Find out which prints many articles have."""
        unknown = prints - self._common.keys()
        counts = furniture.count_holders(self._connection, self._collection, unknown, LEAST_ARTICLES)
        self._common.update((number, count >= LEAST_ARTICLES) for number, count in counts.items())


def _units(connection: Connection, row: int) -> list[tuple[int, int, int]]:
    return [unit for units in furniture.units(connection, row) for unit in units.tolist()]


def _prints(connection: Connection, row: int) -> set[int]:
    """Give the prints of an article that may be furniture learnt: of units that have letters and look like none yet."""
    return {number for number, _, kind in _units(connection, row) if may_be_learnt(number, kind)}


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
