"""What the service must hold: for each article the versions that it may have, after what was acknowledged or not."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Key = tuple[str, str]
"""A collection and an article's id."""

Version = int | None
"""None: the article is not there."""

GONE: Version = None


class NotAcknowledged(Exception):
    """A write got no answer, or one that says that it may or may not have happened."""


@dataclass
class ShelvesModel:
    """A model of the collections. Safe for threads.

    A write that is under way adds what it makes to what is allowed; once acknowledged, that alone is allowed. One that
    is cut off leaves both allowed, until the service is seen to have the one or the other.

    Attributes:
        allowed: by article, the versions that it may have; every article that ever was is here.
        collections: by name, whether it may exist and whether it may not.
        together: articles that a deletion of their collection takes away all at once.
        touched: articles that were written since the service was last seen at rest.
        acknowledged, cut_off: how many changes of articles were acknowledged, or sent and not answered.
    """

    allowed: dict[Key, set[Version]] = field(default_factory=dict)
    collections: dict[str, set[bool]] = field(default_factory=dict)
    together: list[frozenset[Key]] = field(default_factory=list)
    touched: set[Key] = field(default_factory=set)
    acknowledged: int = 0
    cut_off: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def change(self, changes: Mapping[Key, Version]) -> Iterator[None]:
        """Write articles within this context, which ends with `NotAcknowledged` unless the write was acknowledged."""
        self.begin(changes)
        try:
            yield
        except NotAcknowledged:
            with self._lock:
                self.cut_off += len(changes)
            raise
        self.settle(changes)

    def begin(self, changes: Mapping[Key, Version]) -> None:
        """Allow what changes make, beside what there is."""
        with self._lock:
            self.touched.update(changes)
            for key, version in changes.items():
                self.allowed.setdefault(key, {GONE}).add(version)
                if version is not GONE:
                    self.collections.setdefault(key[0], {False}).add(True)

    def settle(self, changes: Mapping[Key, Version]) -> None:
        """Demand what changes made."""
        with self._lock:
            for key, version in changes.items():
                self.allowed[key] = {version}
                if version is not GONE:
                    self.collections[key[0]] = {True}
            self.acknowledged += len(changes)

    @contextmanager
    def change_collection(self, name: str, exists: bool) -> Iterator[None]:
        """Make or delete a collection within this context, as `change`."""
        with self._lock:
            self.collections.setdefault(name, {False}).add(exists)
            keys = [] if exists else [key for key in self.allowed if key[0] == name]
            there = frozenset(key for key in keys if self.allowed[key] != {GONE})
            if there:
                self.together.append(there)
            for key in keys:
                self.allowed[key].add(GONE)
        try:
            yield
        except NotAcknowledged:
            with self._lock:
                self.cut_off += len(keys)
            raise
        with self._lock:
            self.collections[name] = {exists}
            for key in keys:
                self.allowed[key] = {GONE}
            self.together = [group for group in self.together if group != there]
            self.acknowledged += len(keys)

    def settled(self, collection: str, *, live: bool) -> list[str]:
        """List the ids of a collection's articles of which it is known that they are there, or that they are not."""
        with self._lock:
            return [
                article_id
                for (name, article_id), versions in self.allowed.items()
                if name == collection and len(versions) == 1 and (versions != {GONE}) == live
            ]

    def possible(self, collection: str) -> set[Key]:
        """List the articles of a collection that may be there."""
        with self._lock:
            return {key for key, versions in self.allowed.items() if key[0] == collection and versions != {GONE}}

    def version(self, key: Key) -> Version:
        """Give the one version that an article must have."""
        with self._lock:
            [version] = self.allowed[key]
        return version

    def see(self, seen: Mapping[Key, Version], collections: Iterable[str]) -> None:
        """Take what the service has, once no write is under way any more, for what it must have from now on."""
        names = set(collections)
        with self._lock:
            for key in self.allowed:
                self.allowed[key] = {seen.get(key, GONE)}
            self.collections = {name: {name in names} for name in self.collections}
            self.together.clear()
            self.touched.clear()
