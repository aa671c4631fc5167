"""Which passages a question's filter admits, remembered from question to question."""

from __future__ import annotations

import threading
from collections import OrderedDict

from qa_service.filters.tree import Filter, comparisons
from qa_service.index.admitted import Admitted
from qa_service.index.attribute_table import AttributeTable
from qa_service.index.snapshot import Snapshot
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection

MAX_BYTES = 256 << 20
"""About what all tables may take; one alone keeps its passages in any case."""
MAX_TABLES = 64


class Admission:
    """The attribute tables of the collections that were asked with filters. Safe for threads."""

    def __init__(self) -> None:
        self._tables: OrderedDict[int, AttributeTable] = OrderedDict()
        self._lock = threading.Lock()

    def admitted(
        self, connection: Connection, collection: Collection, snapshot: Snapshot | None, tree: Filter | None
    ) -> Admitted | None:
        """Find the passages that a filter admits; None without a filter or without passages."""
        if tree is None or snapshot is None:
            return None
        table = self._table(collection.row)
        found = table.admitted(connection, collection, snapshot.seq, tree)
        self._keep_within_bounds(table)
        return found

    def account(
        self, connection: Connection, collection: Collection, snapshot: Snapshot | None, tree: Filter
    ) -> dict[str, object]:
        """Tell how many live articles a filter admits, of how many, and which of its keys none of them has."""
        keys = list(dict.fromkeys(comparison.key for comparison in comparisons(tree)))
        admitted, missing = 0, keys
        if snapshot is not None:
            table = self._table(collection.row)
            admitted, missing = table.account(connection, collection, snapshot.seq, tree, keys)
            self._keep_within_bounds(table)
        return {"articles": collection.articles, "admitted": admitted, "unknown_keys": [key.name for key in missing]}

    def _table(self, collection: int) -> AttributeTable:
        with self._lock:
            table = self._tables.setdefault(collection, AttributeTable())
            self._tables.move_to_end(collection)
        return table

    def _keep_within_bounds(self, used: AttributeTable) -> None:
        """Drop what was used longest ago; the table just used keeps its columns unless they alone are too many."""
        with self._lock:
            sizes = {row: table.bytes for row, table in self._tables.items() if table is not used}
            while sizes and (used.bytes + sum(sizes.values()) > MAX_BYTES or len(sizes) >= MAX_TABLES):
                oldest = next(iter(sizes))
                del sizes[oldest], self._tables[oldest]
        used.forget(MAX_BYTES)
