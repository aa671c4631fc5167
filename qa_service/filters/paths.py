"""The values of many keys, found in one walk through an article's metadata."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from qa_service.filters.values import Atom, flattened, single_values

MAX_NAMES_BYTES = 1 << 20
"""What the names of one collection's keys may take; where there are more, any name counts as known."""


@dataclass(slots=True)
class _Node:
    """A step of paths: those that go on from here, and the name that ends here."""

    onward: dict[str, _Node] = field(default_factory=dict)
    name: str | None = None


class Paths:
    """Finds for some names what `atoms_at` finds for each, in a time that does not grow with their number."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._root = _Node()
        for name in (name for name in self._names if "." in name):
            node = self._root
            for part in name.split("."):
                node = node.onward.setdefault(part, _Node())
            node.name = name

    def values(self, metadata: Mapping[str, object]) -> dict[str, list[Atom]]:
        """Give the single values by name; names without one may be missing."""
        found = {name: single_values([metadata[name]]) for name in metadata.keys() & self._names}
        if self._root.onward:
            self._follow(self._root, [metadata], metadata, found)
        return found

    def _follow(
        self, node: _Node, values: list[object], metadata: Mapping[str, object], found: dict[str, list[Atom]]
    ) -> None:
        for value in flattened(values):
            if not isinstance(value, Mapping):
                continue
            for part in value.keys() & node.onward.keys():
                reached = node.onward[part]
                # A key that is written with dots counts before a path.
                if reached.name is not None and reached.name not in metadata:
                    found.setdefault(reached.name, []).extend(single_values([value[part]]))
                if reached.onward:
                    self._follow(reached, [value[part]], metadata, found)


class KnownNames:
    """Which names the metadata of the articles at the first `covered` places of a table may have values under."""

    def __init__(self) -> None:
        self.covered = 0
        self.bytes = 0
        self.complete = True
        """False once there were too many: then every name counts as known."""
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return not self.complete or name in self._names

    def learn(self, metadata: Mapping[str, object]) -> None:
        """Take in the keys of an article's metadata and the paths to those inside."""
        if not self.complete:
            return
        waiting: list[tuple[str, list[object]]] = [("", [metadata])]
        while waiting:
            before, values = waiting.pop()
            for value in flattened(values):
                if isinstance(value, Mapping):
                    self._add({before + key for key in value} if before else value.keys())
                    nested = ((key, inner) for key, inner in value.items() if isinstance(inner, Mapping | list))
                    waiting.extend((f"{before}{key}.", [inner]) for key, inner in nested)
        if self.bytes > MAX_NAMES_BYTES:
            self.complete = False
            self.bytes = 0
            self._names.clear()

    def _add(self, names: AbstractSet[str]) -> None:
        fresh = set(names - self._names)
        self._names |= fresh
        self.bytes += sum(map(sys.getsizeof, fresh)) + 64 * len(fresh)
