"""A collection's articles and passages in memory, with the columns that filters asked for so far."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qa_service.filters.tree import Comparison, Filter, Key
from qa_service.index.admitted import Admitted, Keys
from qa_service.index.columns import Column, Mask
from qa_service.store import attributes
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection

_SPARE_ROWS = 1000
"""A table is read anew once it holds this many articles, and as many as are live, that are gone."""
MAX_REMEMBERED = 64
MAX_REMEMBERED_BYTES = 32 << 20
"""Bounds of the answers a table remembers."""


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
        self._columns: OrderedDict[Key, Column] = OrderedDict()
        self._remembered: OrderedDict[Filter, tuple[_Contents, Admitted]] = OrderedDict()

    @property
    def bytes(self) -> int:
        """About what it takes."""
        contents = self._contents
        held = contents.rows.nbytes + contents.keys.nbytes + contents.owners.nbytes
        return held + sum(column.bytes for column in list(self._columns.values()))

    def admitted(self, connection: Connection, collection: Collection, seq: int, tree: Filter) -> Admitted:
        """Find the passages that a filter admits, of those that a snapshot at `seq` may show."""
        contents, known = self._contents, self._remembered.get(tree)
        if known is not None and known[0] is contents and contents.seq >= collection.seq:
            return known[1]
        with self._lock:
            contents = self._refreshed(connection, collection, seq)
            mask = self._mask(connection, contents, collection, tree)
            found = Admitted(contents.keys[mask[contents.owners]], len(contents.keys))
            # A reader with an older view of the catalogue may not have seen the newest rows.
            if collection.seq >= contents.seq:
                self._remember(tree, contents, found)
        return found

    def account(
        self, connection: Connection, collection: Collection, seq: int, tree: Filter, keys: Sequence[Key]
    ) -> tuple[int, list[Key]]:
        """Count the live articles that a filter admits, and name those of its keys that no live article has."""
        live = attributes.live_rows(connection, collection.row)
        with self._lock:
            contents = self._refreshed(connection, collection, seq)
            alive = np.isin(contents.rows, live)
            mask = self._mask(connection, contents, collection, tree)
            missing = [key for key in keys if not (self._columns[key].present()[: len(alive)] & alive).any()]
        return int((mask & alive).sum()), missing

    def forget(self, most: int) -> None:
        """Drop the columns used longest ago until it takes at most `most` bytes."""
        with self._lock:
            while self._columns and self.bytes > most:
                self._columns.popitem(last=False)

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

    def _mask(self, connection: Connection, contents: _Contents, collection: Collection, tree: Filter) -> Mask:
        """Evaluate a filter for each article; what an older view of the catalogue lacks is not admitted."""
        seen = len(contents.rows)
        if collection.seq < contents.seq:
            seen = int(np.searchsorted(contents.rows, attributes.last_row(connection), side="right"))
        mask = np.zeros(len(contents.rows), dtype=bool)
        mask[:seen] = self._evaluate(connection, contents.rows[:seen], tree)
        return mask

    def _evaluate(self, connection: Connection, rows: NDArray[np.int64], tree: Filter) -> Mask:
        if isinstance(tree, Comparison):
            return self._column(connection, rows, tree.key).mask(tree)[: len(rows)]
        masks = [self._evaluate(connection, rows, inner) for inner in tree.filters]
        joined: Mask = np.logical_and.reduce(masks) if tree.type == "and" else np.logical_or.reduce(masks)
        return joined

    def _column(self, connection: Connection, rows: NDArray[np.int64], key: Key) -> Column:
        column = self._columns.setdefault(key, Column(key))
        self._columns.move_to_end(key)
        column.extend(connection, rows[column.covered :])
        return column

    def _remember(self, tree: Filter, contents: _Contents, found: Admitted) -> None:
        self._remembered[tree] = contents, found
        size = sum(known.keys.nbytes for _, known in self._remembered.values())
        while len(self._remembered) > MAX_REMEMBERED or (size > MAX_REMEMBERED_BYTES and len(self._remembered) > 1):
            _, (_, dropped) = self._remembered.popitem(last=False)
            size -= dropped.keys.nbytes
