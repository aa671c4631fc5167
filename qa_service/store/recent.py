"""A bounded memory of what was used last."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values by key, of which those that were not used for long are forgotten. Safe for threads.

    Two generations stand in for an exact order of use: when the younger one is full, the older one is forgotten and
    the younger takes its place. What is asked for moves to the younger one, so that reading costs no lock.

    Parameters:
        most: the summed size of what is kept at most, in the unit of `put`.
    """

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._young: dict[Key, tuple[Value, int]] = {}
        self._old: dict[Key, tuple[Value, int]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, key: Key) -> Value | None:
        """Give a value; None when it is not known."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Value]:
        """Give those values that are known, by key, in the order given."""
        # Read where nearly all of them are, without a call for each.
        young = self._young
        found = {key: held[0] for key in keys if (held := young.get(key))}
        if len(found) == len(keys):
            return found
        return {key: value for key in keys if (value := self.get(key)) is not None}

    def put(self, key: Key, value: Value, size: int) -> None:
        """Remember a value that takes so much; one larger than half of all is not kept."""
        if size > self._half:
            return
        with self._lock:
            if self._size + size > self._half:
                self._old, self._young, self._size = self._young, {}, 0
            known = self._young.get(key)
            self._young[key] = value, size
            self._size += size - (known[1] if known is not None else 0)

    def known(self) -> set[Key]:
        """Give the keys of what is kept now."""
        # Lists are made of dicts in one go, whatever other threads put into them.
        return {*list(self._old), *list(self._young)}

    def forget(self, keys: Iterable[Key]) -> list[Value]:
        """Let go of values; give those that were known."""
        found = []
        with self._lock:
            for key in keys:
                young, old = self._young.pop(key, None), self._old.pop(key, None)
                if young is not None:
                    self._size -= young[1]
                known = young or old
                if known is not None:
                    found.append(known[0])
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._young, self._old, self._size = {}, {}, 0
