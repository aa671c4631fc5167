"""What filters admitted, remembered for when they are asked again."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from qa_service.filters.tree import Comparison, Filter, comparisons
from qa_service.index.admitted import Admitted

MAX_FILTERS = 64
MAX_BYTES = 32 << 20
"""Bounds of the filters one table remembers, together with what they admit."""
MAX_OPERANDS = 200
"""A filter of more is not remembered: it takes much memory, and little time to evaluate from its columns."""

_JUNCTION_BYTES, _COMPARISON_BYTES, _TOKEN_BYTES = 200, 600, 200
"""What the parts of a filter take beside their texts."""

Version = TypeVar("Version")


class Remembered(Generic[Version]):
    """Filters with what each admitted in a version of a table. Safe for threads."""

    def __init__(self) -> None:
        self.bytes = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[Filter, tuple[Version, Admitted, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, tree: Filter, version: Version) -> Admitted | None:
        """Give what a filter admits in a version of the table, if that is remembered."""
        if not len(self._found) or _operands(tree) > MAX_OPERANDS:
            return None
        known = self._found.get(tree)
        return known[1] if known is not None and known[0] is version else None

    def put(self, tree: Filter, version: Version, found: Admitted) -> None:
        """Remember what a filter admits, unless that takes too much."""
        if _operands(tree) > MAX_OPERANDS:
            return
        size = found.keys.nbytes + found.articles.nbytes + found.others.nbytes + _bytes(tree)
        with self._lock:
            self._drop(self._found.pop(tree, None))
            if size > MAX_BYTES:
                return
            self._found[tree] = version, found, size
            self.bytes += size
            while len(self._found) > MAX_FILTERS or self.bytes > MAX_BYTES:
                self._drop(self._found.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
            self.bytes = 0

    def _drop(self, dropped: tuple[Version, Admitted, int] | None) -> None:
        self.bytes -= dropped[2] if dropped else 0


def _operands(tree: Filter) -> int:
    return sum(_count(comparison) for comparison in comparisons(tree))


def _count(comparison: Comparison) -> int:
    return max(len(comparison.operand), 1) if isinstance(comparison.operand, frozenset) else 1


def _bytes(tree: Filter) -> int:
    """Estimate what a filter takes."""
    if not isinstance(tree, Comparison):
        return _JUNCTION_BYTES + sum(map(_bytes, tree.filters))
    held = _COMPARISON_BYTES + sys.getsizeof(tree.key.name) + sys.getsizeof(tree.operand)
    if isinstance(tree.operand, frozenset):
        held += sum(_TOKEN_BYTES + sum(map(sys.getsizeof, _parts(token))) for token in tree.operand)
    return held


def _parts(token: object) -> tuple[object, ...]:
    return token if isinstance(token, tuple) else (token,)
