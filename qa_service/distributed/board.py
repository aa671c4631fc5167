"""Furniture as it is learnt during a load: told by who learns it, read by every worker before its next articles."""

from __future__ import annotations

from collections.abc import Set

from qa_service.learning import Mark

Change = tuple[frozenset[Mark], frozenset[Mark]]
"""What was learnt, and what was forgotten."""


class Board:
    """Every change since the load began; an actor, of which workers ask what they have not seen."""

    def __init__(self, marks: frozenset[Mark]) -> None:
        self._changes: list[Change] = [(marks, frozenset())]

    def tell(self, learnt: frozenset[Mark], forgotten: frozenset[Mark]) -> int:
        """Add a change; give how many there are."""
        self._changes.append((learnt, forgotten))
        return len(self._changes)

    def since(self, seen: int) -> list[Change]:
        """Give the changes after the first `seen`."""
        return self._changes[seen:]


class Marks:
    """What a worker knows of furniture."""

    def __init__(self) -> None:
        self.seen = 0
        self._of_site: dict[str, set[int]] = {}

    def follow(self, changes: list[Change]) -> None:
        """Take in changes, in order."""
        for learnt, forgotten in changes:
            for site, number in learnt:
                self._of_site.setdefault(site, set()).add(number)
            for site, number in forgotten:
                self._of_site.get(site, set()).discard(number)
        self.seen += len(changes)

    def among(self, site: str, prints: Set[int]) -> Set[int]:
        """Tell which of some prints are furniture of a site."""
        return prints & self._of_site.get(site, set())
