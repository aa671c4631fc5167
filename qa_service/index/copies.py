"""When two passages are copies: they share their sentences, and nowhere does one say something else than the other.

Sentences are compared in order, since copies are rarely split alike: equal ones by their prints, and what stands
between those word by word, whatever its sentences are. Texts are asked for only where both passages have sentences
that the other lacks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz.distance import Indel, Levenshtein

from qa_service.index.alignment import Link, align
from qa_service.index.differences import Differences, Edit
from qa_service.index.order import anchors_of, places_of, runs_of
from qa_service.index.wording import Tokens, Wording
from qa_service.lazy import lazy

HALF = 0.5
"""Share of the smaller passage's letters that must be in sentences of both."""
NEARLY_ALL = 0.9
"""Share of a passage's letters from which on the other has all that it says."""
LEAST_LETTERS = 12
"""Passages that share less than this are copies only if nearly all of both is shared."""
SHORT = 8
"""Sentences of fewer words are alike by chance; they are compared by their place."""
MOVED = 16
"""Words from which on sentences in another place are a paragraph that was moved. Of fewer, the order may tell which
price is whose, so that another order says something else."""
_ALIKE = 0.6
"""Similarity from which on two sentences in different places are taken for one that was moved."""


@dataclass(frozen=True)
class Outline:
    """The searched sentences of a passage, or of consecutive ones, that have letters.

    Attributes:
        prints, lengths: of each sentence, in order.
    """

    prints: Sequence[int]
    lengths: Sequence[int]

    @lazy
    def letters(self) -> int:
        """Letters and digits of all of them."""
        return sum(self.lengths)

    @lazy
    def distinct(self) -> Set[int]:
        """The different prints."""
        return frozenset(self.prints)


@dataclass(frozen=True, slots=True)
class Match:
    """What two passages have in common.

    Attributes:
        ours, theirs: the sentences of each that have a counterpart in the other, in order.
        of_ours, of_theirs: share of each passage's letters that these make up.
        letters: how many these are.
        conflict: whether the passages contradict each other somewhere.
        by_words: whether their texts were compared, not only the prints.
    """

    ours: Sequence[int]
    theirs: Sequence[int]
    of_ours: float
    of_theirs: float
    letters: int
    conflict: bool
    by_words: bool = False

    @property
    def turned(self) -> Match:
        """The same, seen from the other passage."""
        return replace(self, ours=self.theirs, theirs=self.ours, of_ours=self.of_theirs, of_theirs=self.of_ours)

    @property
    def shares_half(self) -> bool:
        """Whether at least half of the smaller passage is shared."""
        return max(self.of_ours, self.of_theirs) >= HALF

    @property
    def is_copy(self) -> bool:
        """Whether the passages are copies."""
        enough = self.letters >= LEAST_LETTERS or min(self.of_ours, self.of_theirs) >= NEARLY_ALL
        return enough and self.shares_half and not self.conflict


@dataclass(slots=True)
class _Comparison:
    """Two passages being compared: what was found so far."""

    ours: Wording
    theirs: Wording
    links: list[Link]
    found: tuple[set[int], set[int]]
    differences: Differences


def compare(
    ours: Outline,
    theirs: Outline,
    wording_of_ours: Callable[[], Wording],
    wording_of_theirs: Callable[[], Wording],
    similar: bool,
) -> Match:
    """Compare two passages.

    Parameters:
        ours, theirs: their sentences.
        wording_of_ours, wording_of_theirs: give their texts; called when equal sentences do not decide it.
        similar: whether there are signs of sentences that are nearly equal, beside the equal ones.
    """
    decided = compare_prints(ours, theirs, similar)
    if decided is not None:
        return decided
    if tuple(theirs.prints) < tuple(ours.prints):
        # Of several alignments that are equally good, the one found depends on which passage comes first.
        return _by_words(theirs, ours, wording_of_theirs, wording_of_ours).turned
    return _by_words(ours, theirs, wording_of_ours, wording_of_theirs)


def _by_words(
    ours: Outline, theirs: Outline, wording_of_ours: Callable[[], Wording], wording_of_theirs: Callable[[], Wording]
) -> Match:
    anchors = anchors_of(ours.prints, theirs.prints)
    found = {place for place, _ in anchors}, {place for _, place in anchors}
    one, two = wording_of_ours(), wording_of_theirs()
    comparison = _Comparison(one, two, anchors, found, Differences((one.swaps, two.swaps)))
    disordered = _take_strays(comparison, ours, theirs)
    _fill_gaps(comparison, len(ours.prints), len(theirs.prints))
    conflict = _contradict(comparison, len(theirs.prints)) or comparison.differences.matter
    return _match(ours, theirs, found, disordered or conflict, by_words=True)


def compare_prints(ours: Outline, theirs: Outline, similar: bool) -> Match | None:
    """Compare two passages by their prints alone; None when these do not decide it. See `compare`."""
    known = ours.distinct & theirs.distinct
    found = places_of(ours.prints, known), places_of(theirs.prints, known)
    match = _match(ours, theirs, found, False)
    if not similar and not match.shares_half:
        return match
    contained = len(known) == len(ours.distinct) or len(known) == len(theirs.distinct)
    in_order = [ours.prints[place] for place in sorted(found[0])] == [
        theirs.prints[place] for place in sorted(found[1])
    ]
    return match if contained and in_order else None


def _match(
    ours: Outline, theirs: Outline, found: tuple[Set[int], Set[int]], conflict: bool, by_words: bool = False
) -> Match:
    letters = min(sum(ours.lengths[place] for place in found[0]), sum(theirs.lengths[place] for place in found[1]))
    shares = letters / max(ours.letters, 1), letters / max(theirs.letters, 1)
    # Not as sets: thousands of matches are remembered, and sets take several times as much.
    one, other = (tuple(sorted(places)) for places in found)
    return Match(one, other, *shares, letters, conflict, by_words)


def _take_strays(comparison: _Comparison, ours: Outline, theirs: Outline) -> bool:
    """Find sentences that both have in another order, and those that one side repeats.

    Returns:
        Whether the order says something else: fewer words than a paragraph has changed places.
    """
    found = comparison.found
    known = ours.distinct & theirs.distinct
    left, right = places_of(ours.prints, known) - found[0], places_of(theirs.prints, known) - found[1]
    disordered = False
    for run in runs_of(ours.prints, theirs.prints, left, right):
        disordered |= sum(len(comparison.ours.sentences[place]) for place, _ in run) < MOVED
        found[0].update(place for place, _ in run)
        found[1].update(other for _, other in run)
    # A short sentence said again may answer another question: it stands where it stands.
    for side, (wording, strays) in enumerate(((comparison.ours, left), (comparison.theirs, right))):
        found[side].update(place for place in strays - found[side] if len(wording.sentences[place]) >= SHORT)
    return disordered


def _fill_gaps(comparison: _Comparison, ours: int, theirs: int) -> None:
    """Compare what stands between equal sentences word by word."""
    links: list[Link] = []
    edges = [(-1, -1), *comparison.links, (ours, theirs)]
    for (a, b), (c, d) in pairwise(edges):
        left = [place for place in range(a + 1, c) if place not in comparison.found[0]]
        right = [place for place in range(b + 1, d) if place not in comparison.found[1]]
        if left and right:
            aligned = align(comparison.ours, comparison.theirs, left, right, comparison.differences)
            comparison.found[0].update(place for place, _ in aligned)
            comparison.found[1].update(place for _, place in aligned)
            links.extend(aligned)
    comparison.links = sorted([*comparison.links, *links])


def _contradict(comparison: _Comparison, theirs: int) -> bool:
    """Whether sentences without a counterpart stand against each other: in one place, or alike in different ones."""
    places = _Places(comparison.links, theirs)
    left = _without(comparison.ours, comparison.found[0])
    right = _without(comparison.theirs, comparison.found[1])
    for place, other in ((place, other) for place in left for other in right):
        one, two = comparison.ours.sentences[place], comparison.theirs.sentences[other]
        short = len(one) < SHORT and len(two) < SHORT
        if places.same(place, other):
            beside = places.adjacent(place, other, comparison.found)
            if places.enclosed(place) or (short and beside):
                return True
        elif not places.cut_apart(place, other) and not min(len(one), len(two)) < SHORT:
            if Indel.normalized_similarity(one, two) < _ALIKE:
                continue
            comparison.differences.add(one, two, _edits(one, two))
            comparison.found[0].add(place)
            comparison.found[1].add(other)
    return False


def _without(wording: Wording, found: Set[int]) -> list[int]:
    places = (place for place in range(len(wording.sentences)) if place not in found)
    return [place for place in places if wording.sentences[place]]


def _edits(one: Tokens, two: Tokens) -> Iterator[Edit]:
    for op in Levenshtein.editops(one, two):
        yield op.tag, op.src_pos, op.dest_pos


class _Places:
    """Where unmatched sentences stand, as the links before and after them tell."""

    def __init__(self, links: Sequence[Link], theirs: int) -> None:
        self._ours = [place for place, _ in links]
        self._theirs = [place for _, place in links]
        self._end = theirs

    def _between(self, place: int) -> tuple[int, int]:
        """Give the other side's neighbours of one of our sentences, -1 and the end where there are none."""
        at = bisect_left(self._ours, place)
        before = self._theirs[at - 1] if at else -1
        return before, self._theirs[at] if at < len(self._theirs) else self._end

    def same(self, place: int, other: int) -> bool:
        before, after = self._between(place)
        return before < other < after

    def enclosed(self, place: int) -> bool:
        before, after = self._between(place)
        return before >= 0 and after < self._end

    def adjacent(self, place: int, other: int, found: tuple[Set[int], Set[int]]) -> bool:
        """Whether both stand right before, or right after, the same match."""
        return any(place + step in found[0] and other + step in found[1] for step in (-1, 1))

    def cut_apart(self, place: int, other: int) -> bool:
        """Whether one stands before all that is common and the other after it, so that they are of different parts."""
        if not self._ours:
            return False
        first, last = (self._ours[0], self._theirs[0]), (self._ours[-1], self._theirs[-1])
        return (place < first[0] and other > last[1]) or (place > last[0] and other < first[1])
