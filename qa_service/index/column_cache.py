"""The columns that a collection's filters asked for lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from qa_service.filters.paths import KnownNames, Paths
from qa_service.filters.tree import Key, OwnField
from qa_service.filters.values import Atom, clean
from qa_service.index.columns import Column
from qa_service.store import attributes
from qa_service.store.catalog import Connection

MAX_COLUMNS = 256
"""As many as one filter can ask for."""


class ColumnCache:
    """Reads columns, all that a filter lacks in one pass over the articles. Not safe for threads.

    A key that no article has needs neither a pass nor a place here: the first pass over the metadata learns which keys
    there are.
    """

    def __init__(self) -> None:
        self._columns: OrderedDict[Key, Column] = OrderedDict()
        self._names = KnownNames()
        self._held = 0

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def bytes(self) -> int:
        """About what it takes."""
        return self._held + self._names.bytes

    def load(self, connection: Connection, rows: NDArray[np.int64], keys: Iterable[Key]) -> dict[Key, Column]:
        """Give the columns of some keys, which cover at least the articles given by row in order."""
        # Out of the cache while they grow: a pass that is broken off leaves nothing half read.
        columns = {key: self._taken(key) for key in keys}
        self._extend(connection, rows, columns)
        for key, column in columns.items():
            if not column.blank or self._may_be_found(key):
                self._columns[key] = column
                self._held += column.bytes
        while len(self._columns) > MAX_COLUMNS:
            self.drop_oldest()
        return columns

    def drop_oldest(self) -> None:
        """Drop the column used longest ago."""
        _, column = self._columns.popitem(last=False)
        self._held -= column.bytes

    def clear(self) -> None:
        """Forget everything, as the articles' places have changed."""
        self._columns.clear()
        self._names = KnownNames()
        self._held = 0

    def _taken(self, key: Key) -> Column:
        column = self._columns.pop(key, None)
        if column is None:
            return Column(key, 0 if self._may_be_found(key) else self._names.covered)
        self._held -= column.bytes
        return column

    def _may_be_found(self, key: Key) -> bool:
        return key.own is not None or key.name in self._names

    def _extend(self, connection: Connection, rows: NDArray[np.int64], columns: Mapping[Key, Column]) -> None:
        lacking = {key: column for key, column in columns.items() if column.covered < len(rows)}
        if not lacking:
            return
        learning = any(key.own is None for key in lacking)
        starts = [column.covered for column in lacking.values()]
        first = min([*starts, self._names.covered] if learning else starts)
        fields = sorted({key.own for key in lacking if key.own is not None})
        paths = Paths(key.name for key in lacking)
        new = rows[first:].tolist()
        filling = _Filling(lacking)
        places = dict(zip(new, range(first, len(rows)), strict=True))
        for row, own, metadata in attributes.documents(connection, new, fields, learning):
            place = places[row]
            if learning and place >= self._names.covered:
                self._names.learn(metadata)
            filling.add(place, dict(zip(fields, own, strict=True)), paths.values(metadata))
        for column in lacking.values():
            column.cover(len(rows))
        if learning:
            self._names.covered = len(rows)


class _Filling:
    """Takes articles' values into columns; no longer for many columns than an article has values."""

    def __init__(self, columns: Mapping[Key, Column]) -> None:
        self._own = [(key.own, column) for key, column in columns.items() if key.own is not None]
        self._plain = {key.name: column for key, column in columns.items() if key.own is None}

    def add(self, place: int, own: Mapping[OwnField, str | None], found: Mapping[str, list[Atom]]) -> None:
        """Take in an article's own fields and what is in its metadata, where a column does not cover it yet."""
        for name, atoms in found.items():
            column = self._plain.get(name)
            if column is not None and place >= column.covered:
                column.add(place, atoms)
        for field, column in self._own:
            if place >= column.covered:
                value = own[field]
                cleaned = [text] if value and (text := clean(value)) else []
                column.add(place, cleaned if value else found.get(column.key.name, ()))
