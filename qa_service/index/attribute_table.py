"""A collection's articles and passages in memory, with the columns that filters asked for so far."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qa_service.filters.tree import Comparison, Filter, Key, comparisons
from qa_service.index.admitted import Admitted, Keys
from qa_service.index.column_cache import ColumnCache
from qa_service.index.columns import Column, Mask
from qa_service.index.remembered import Remembered
from qa_service.store import attributes
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection

_SPARE_ROWS = 1000
"""A table is read anew once it holds this many articles, and as many as are live, that are gone."""


@dataclass(slots=True)
class _Contents:
    """Rows (n,) of articles in order; passages by key in order, each with the place of its article."""

    seq: int = -1
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    owners: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))


class AttributeTable:
    """Tells which passages of a collection a filter admits. Safe for threads.

    Rows of articles never change, so that a write adds rows and changes nothing else; dead ones stay for a while,
    which does no harm: an index or the catalogue says of every passage whether it is live.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents = _Contents()
        self._columns = ColumnCache()
        self._remembered: Remembered[_Contents] = Remembered()

    @property
    def bytes(self) -> int:
        """About what it takes."""
        contents = self._contents
        held = contents.rows.nbytes + contents.keys.nbytes + contents.owners.nbytes
        return held + self._columns.bytes + self._remembered.bytes

    def admitted(self, connection: Connection, collection: Collection, seq: int, tree: Filter) -> Admitted:
        """Find the passages that a filter admits, of those that a snapshot at `seq` may show."""
        contents = self._contents
        known = self._remembered.get(tree, contents)
        if known is not None and contents.seq >= collection.seq:
            return known
        with self._lock:
            contents = self._refreshed(connection, collection, seq)
            mask, _ = self._mask(connection, contents, collection, tree)
            rows = contents.rows
            found = Admitted(contents.keys[mask[contents.owners]], len(contents.keys), rows[mask], rows[~mask])
            # A reader with an older view of the catalogue may not have seen the newest rows.
            if collection.seq >= contents.seq:
                self._remembered.put(tree, contents, found)
        return found

    def account(
        self, connection: Connection, collection: Collection, seq: int, tree: Filter, keys: Sequence[Key]
    ) -> tuple[int, list[Key]]:
        """Count the live articles that a filter admits, and name those of its keys that no live article has."""
        live = attributes.live_rows(connection, collection.row)
        with self._lock:
            contents = self._refreshed(connection, collection, seq)
            alive = np.isin(contents.rows, live)
            mask, columns = self._mask(connection, contents, collection, tree)
            missing = [key for key in keys if not _any(columns[key].present(), alive)]
        return int((mask & alive).sum()), missing

    def forget(self, most: int) -> None:
        """Drop what is remembered, then the columns used longest ago, until it takes at most `most` bytes."""
        with self._lock:
            if self.bytes > most:
                self._remembered.clear()
            while len(self._columns) and self.bytes > most:
                self._columns.drop_oldest()

    def _refreshed(self, connection: Connection, collection: Collection, seq: int) -> _Contents:
        contents = self._contents
        if contents.seq >= collection.seq:
            return contents
        if len(contents.rows) > 2 * collection.articles + _SPARE_ROWS:
            contents = _Contents()
            self._columns.clear()
        last = int(contents.rows[-1]) if len(contents.rows) else 0
        rows = attributes.rows(connection, collection.row, last, seq)
        keys, articles = attributes.passages(connection, int(rows[0]), int(rows[-1])) if len(rows) else (rows, rows)
        all_rows = np.concatenate([contents.rows, rows])
        places = np.minimum(np.searchsorted(rows, articles), max(len(rows) - 1, 0))
        ours = rows[places] == articles if len(rows) else np.zeros(0, dtype=bool)
        keys, owners = keys[ours], (places[ours] + len(contents.rows)).astype(np.int32)
        keys, owners = np.concatenate([contents.keys, keys]), np.concatenate([contents.owners, owners])
        order = np.argsort(keys, kind="stable")
        self._contents = _Contents(collection.seq, all_rows, keys[order], owners[order])
        self._remembered.clear()
        return self._contents

    def _mask(
        self, connection: Connection, contents: _Contents, collection: Collection, tree: Filter
    ) -> tuple[Mask, Mapping[Key, Column]]:
        """Evaluate a filter for each article; what an older view of the catalogue lacks is not admitted.

        Returns:
            Which articles (n,) are admitted, and the columns of the filter's keys, which may be shorter or longer.
        """
        seen = len(contents.rows)
        if collection.seq < contents.seq:
            seen = int(np.searchsorted(contents.rows, attributes.last_row(connection), side="right"))
        keys = dict.fromkeys(comparison.key for comparison in comparisons(tree))
        columns = self._columns.load(connection, contents.rows[:seen], keys)
        mask = np.zeros(len(contents.rows), dtype=bool)
        mask[:seen] = self._evaluate(columns, seen, tree)
        return mask, columns

    def _evaluate(self, columns: Mapping[Key, Column], seen: int, tree: Filter) -> Mask:
        if isinstance(tree, Comparison):
            return columns[tree.key].mask(tree)[:seen]
        joined = self._evaluate(columns, seen, tree.filters[0])
        for inner in tree.filters[1:]:
            mask = self._evaluate(columns, seen, inner)
            joined = joined & mask if tree.type == "and" else joined | mask
        return joined


def _any(held: Mask, alive: Mask) -> bool:
    """Tell whether any article that is alive has a value, as far as both are known."""
    seen = min(len(held), len(alive))
    return bool((held[:seen] & alive[:seen]).any())
