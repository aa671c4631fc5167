"""Comparisons of passages made for earlier questions."""

from __future__ import annotations

from collections.abc import Callable, Set

from qa_service.index.copies import Match
from qa_service.retrieval.wordings import Stretch
from qa_service.store.passages import Candidate
from qa_service.store.recent import Recent

MOST_KEPT = 20_000
"""Comparisons remembered: some 10 MB."""
MOST_STRETCHES = 5_000
"""Passages remembered as they are compared: some 20 MB."""

Keys = tuple[int, ...]


class Comparisons:
    """Comparisons already made, by the keys of the passages on either side: what a key names never changes.

    Safe for threads; forgets everything when full, which costs some comparisons and no answer.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Keys, Keys, int], Match] = {}
        self._stretches: Recent[int, Stretch] = Recent(MOST_STRETCHES)

    def stretch(self, passage: Candidate) -> Stretch:
        """Give a passage as it is compared, taken apart when first asked for."""
        stretch = self._stretches.get(passage.key)
        if stretch is None:
            stretch = Stretch([passage])
            self._stretches.put(passage.key, stretch, 1)
        return stretch

    def passage_keys(self) -> set[int]:
        """Give the keys of the passages of which something is remembered."""
        return {*self._stretches.known(), *(key for ours, theirs, _ in list(self._known) for key in (*ours, *theirs))}

    def forget(self, dead: Set[int]) -> None:
        """Let go of what is remembered of passages that no question will meet any more."""
        self._stretches.forget(dead)
        for pair in list(self._known):
            if not dead.isdisjoint((*pair[0], *pair[1])):
                self._known.pop(pair, None)

    def get(self, ours: Keys, theirs: Keys, shared: int, compare: Callable[[], Match | None]) -> Match | None:
        """Give a comparison, made now if it is not known; None, which is not remembered, when it is not made.

        Parameters:
            shared: bands that both have, as far as they were looked up.
        """
        found = self._known.get((ours, theirs, shared))
        if found is None:
            found = compare()
            if found is None:
                return None
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[ours, theirs, shared] = found
        return found
