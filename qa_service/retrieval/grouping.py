"""Copies among a question's candidates and in the rest of the collection: one stands for all and names every source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa_service.index.admitted import Admitted
from qa_service.index.copies import NEARLY_ALL, Match, Outline, compare, compare_prints
from qa_service.index.wording import Wording
from qa_service.retrieval.budget import Budget
from qa_service.retrieval.comparisons import Comparisons, Keys
from qa_service.retrieval.evidence import Evidence
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.wordings import Stretch
from qa_service.store import bands, passages
from qa_service.store.catalog import Connection
from qa_service.store.passages import Candidate
from qa_service.text.prints import BANDS, LEAST_CHARS

_WORTH = 0.2
"""Share of the smaller passage in equal sentences from which on the others are compared too."""
MOST = 1000
"""Passages of the collection that are compared with one result, beside the question's own candidates."""
MOST_NAMED = 100
"""Copies named with a result."""
_FEW = 3
"""In passages of so few sentences one band must do as a sign of similar ones; in longer ones, chance makes one."""
_FAR = 200
"""Characters between two passages from which on the one does not go on with what the other says."""


@dataclass(frozen=True, slots=True)
class Source:
    """A copy: an article, by row and id, and where it says the same, in its original."""

    article: int
    article_id: str
    start: int
    end: int
    stood_for: frozenset[int] = frozenset()
    """Keys of its passages that a result for the original stands for."""


@dataclass(frozen=True, slots=True)
class Group:
    """A result, by its place among the candidates, and its copies by article id and start: 100 of them at most."""

    place: int
    sources: Sequence[Source]


class Grouper:
    """Groups the copies of one question.

    Only passages that share a band of a sentence are compared (or a short sentence, for a passage of short ones): the
    1,000 that share the most, and all candidates that share one. By their words only so many are compared, those that
    share the most first; equal sentences decide the others. All limits count alike whatever is remembered.

    Parameters:
        collection, seq: the collection's row and the snapshot's sequence number.
        known: comparisons made for other questions.
        admitted: the passages that may be named; None for all.
    """

    def __init__(
        self,
        connection: Connection,
        collection: int,
        seq: int,
        evidence: Evidence,
        texts: Texts,
        known: Comparisons,
        admitted: Admitted | None = None,
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._seq = seq
        self._evidence = evidence
        self._texts = texts
        self._known = known
        self._admitted = admitted
        self._places = {candidate.key: place for place, candidate in enumerate(evidence.candidates)}
        self._look_ups = bands.LookUps(connection, collection, list(self._places), MOST)
        self._stretches: dict[int, Stretch | None] = {}
        self._wordings: dict[Keys, Wording] = {}
        self._left = Budget()

    def groups(self, order: Sequence[int]) -> Iterator[Group]:
        """Walk a ranking, best first: give those that no one before stands for.

        A result stands for a copy if it has a counterpart of the sentence that made the copy rank, or nearly all of
        the copy: then the copy adds nothing for this question.
        """
        stood_for: set[int] = set()
        for place in order:
            if self._evidence.candidates[place].key not in stood_for:
                sources = self._sources(place)
                stood_for.update(key for source in sources for key in source.stood_for)
                yield Group(place, sources[:MOST_NAMED])

    def _sources(self, place: int) -> list[Source]:
        """Find the copies of a candidate, in its own article too, but never itself."""
        candidate = self._evidence.candidates[place]
        ours = self._stretch(candidate)
        shared = self._look_alikes(candidate.key, ours.outline)
        by_article: dict[int, list[Stretch]] = defaultdict(list)
        for stretch in self._read(sorted(shared)):
            by_article[stretch.passages[0].article].append(stretch)
        best = {row: max(shared[one.passages[0].key] for one in found) for row, found in by_article.items()}
        sources: list[Source] = []
        self._left.start_result()
        for row in sorted(by_article, key=lambda row: (-best[row], by_article[row][0].passages[0].article_id)):
            others = sorted(by_article[row], key=lambda stretch: stretch.passages[0].start)
            if not self._left.none or any(_contained(ours.outline, other.outline) for other in others):
                sources.extend(self._in_article(ours, others, shared))
        return sorted(sources, key=lambda source: (source.article_id, source.start))

    def _look_alikes(self, key: int, outline: Outline) -> dict[int, int]:
        """Give the bands shared by the key of each passage worth comparing."""
        shared = self._look_ups.sharing(key)
        short = [number for number, length in zip(outline.prints, outline.lengths, strict=True) if length < LEAST_CHARS]
        if sum(length for length in outline.lengths if length < LEAST_CHARS) * 2 >= outline.letters:
            for other in self._look_ups.holding(short):
                shared.setdefault(other, 0)
            for other in self._places if len(shared) >= MOST else ():
                shared.setdefault(other, 0)
            shared.pop(key, None)
        return shared

    def _read(self, keys: Sequence[int]) -> list[Stretch]:
        """Read passages that are live in the snapshot, of those that are admitted."""
        keys = keys if self._admitted is None else self._admitted.only(keys)
        candidates = self._evidence.candidates
        unread: list[int] = []
        for key in keys:
            if key not in self._stretches:
                if key in self._places:
                    self._stretch(candidates[self._places[key]])
                else:
                    unread.append(key)
        unread = unread[: self._left.passages]
        self._left.passages -= len(unread)
        self._stretches.update(dict.fromkeys(unread))
        for passage in passages.candidates(self._connection, unread, self._seq) if unread else ():
            self._stretch(passage)
        return [stretch for stretch in map(self._stretches.get, keys) if stretch is not None]

    def _stretch(self, passage: Candidate) -> Stretch:
        stretch = self._stretches.get(passage.key)
        if stretch is None:
            stretch = self._stretches[passage.key] = self._known.stretch(passage)
        return stretch

    def _in_article(self, ours: Stretch, others: Sequence[Stretch], shared: Mapping[int, int]) -> Iterator[Source]:
        """Find the copies in one article; what it has split over several passages is one."""
        chain: list[tuple[Candidate, Match]] = []
        chains = [chain]
        for stretch in others:
            [passage] = stretch.passages
            match = self._compare(ours, stretch, shared[passage.key])
            if match is None or not match.theirs:
                continue
            if chain and not _goes_on(*chain[-1], passage, match):
                chain = []
                chains.append(chain)
            chain.append((passage, match))
        for chain in filter(None, chains):
            found = [(self._stretches[passage.key] or Stretch([passage]), match) for passage, match in chain]
            if len(chain) > 1:
                whole = Stretch([passage for passage, _ in chain])
                joined = self._compare(ours, whole, sum(shared[passage.key] for passage in whole.passages))
                found = [(whole, joined)] if joined and (joined.is_copy or joined.conflict) else found
            yield from (self._source(*copy) for copy in found if copy[1].is_copy)

    def _compare(self, ours: Stretch, theirs: Stretch, shared: int) -> Match | None:
        """Compare two passages; None when that takes more than is left."""
        left = self._left

        def make() -> Match | None:
            similar = _seem_similar(ours.outline, theirs.outline, shared)
            if left.none:
                return compare_prints(ours.outline, theirs.outline, similar)
            return compare(
                ours.outline, theirs.outline, lambda: self._wording(ours), lambda: self._wording(theirs), similar
            )

        match = self._known.get(_keys(ours), _keys(theirs), shared, make)
        if match is None or not match.by_words:
            return match
        if left.none:
            return None
        left.take(match.is_copy)
        return match

    def _wording(self, stretch: Stretch) -> Wording:
        key = _keys(stretch)
        if key not in self._wordings:
            self._wordings[key] = stretch.wording(self._texts)
        return self._wordings[key]

    def _source(self, theirs: Stretch, match: Match) -> Source:
        spans = [theirs.spans[sentence] for sentence in match.theirs]
        first = theirs.passages[0]
        stood_for = frozenset(passage.key for passage in theirs.passages if self._adds_nothing(theirs, match, passage))
        return Source(first.article, first.article_id, spans[0].start, spans[-1].end, stood_for)

    def _adds_nothing(self, theirs: Stretch, match: Match, passage: Candidate) -> bool:
        """Whether the result has the sentence that made a copy rank, or nearly all of the copy."""
        place = self._places.get(passage.key)
        if place is None or match.of_theirs >= NEARLY_ALL:
            return True
        best = int(np.argmax(self._evidence.sentences[place]))
        return theirs.place(passage, best) in match.theirs


def _contained(ours: Outline, theirs: Outline) -> bool:
    """Whether one passage has all sentences of the other."""
    return ours.distinct <= theirs.distinct or theirs.distinct <= ours.distinct


def _keys(stretch: Stretch) -> Keys:
    return tuple(passage.key for passage in stretch.passages)


def _goes_on(before: Candidate, found: Match, passage: Candidate, match: Match) -> bool:
    """Whether a passage goes on with the copy that the one before it has begun."""
    return passage.start - before.end <= _FAR and match.ours[0] > found.ours[-1]


def _seem_similar(ours: Outline, theirs: Outline, shared: int) -> bool:
    """Whether two passages share something beside equal sentences, or enough of these that it is worth a look."""
    lengths = dict(zip(ours.prints, ours.lengths, strict=True))
    equal = lengths.keys() & set(theirs.prints)
    unexplained = shared - BANDS * sum(lengths[number] >= LEAST_CHARS for number in equal)
    least = 1 if equal or min(len(ours.prints), len(theirs.prints)) <= _FEW else 2
    return unexplained >= least or sum(map(lengths.__getitem__, equal)) >= _WORTH * min(ours.letters, theirs.letters)
