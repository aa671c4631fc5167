"""Writing a new base of a collection: out of the one it has and what changed since, or out of all its passages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from qa_service.errors import Damaged
from qa_service.index import base as base_index
from qa_service.index.manifest import BaseEntry, Delta
from qa_service.index.mending import replayed
from qa_service.index.places import Places
from qa_service.store import entries
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compaction:
    """Writes bases of a collection into its directory `root`. Nothing is locked; the caller publishes."""

    catalog: Catalog
    segments: Segments
    dim: int
    collection: Collection
    root: Path

    def write(self, old: BaseEntry | None, *, anew: bool) -> BaseEntry:
        """Write a base of what is live at the collection's last write.

        Args:
            old: the current base.
            anew: read all passages even if the old base could be extended.
        """
        name = f"base-{self.collection.seq}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        if old is not None and not anew:
            try:
                extended = self._extended(old, name)
            except (base_index.NotExtensible, Damaged) as error:
                logger.info("building the index of collection %s of all passages: %s", self.collection.name, error)
            else:
                if extended is not None:
                    return extended
        return base_index.build(self.root, name, self.collection.seq, self._live(), self.segments, self.dim)

    def _extended(self, old: BaseEntry, name: str) -> BaseEntry | None:
        """Extend the old base; None if that takes more than a new one."""
        with self.catalog.read() as connection:
            delta = delta_since(connection, self.collection, old.seq)
            if not base_index.is_worth_extending(old, len(delta.added)):
                return None
            # By its keys: of what went since, rows may have been erased, if a damaged base was there meanwhile.
            delta = replayed(connection, self.collection, Places.load(self.root / old.directory).keys)
            added = tuple(entries.by_key(connection, delta.added.tolist()))
        # What is taken over gets new checksums: damage would be sound from then on.
        base_index.check_sound(self.root, old)
        change = base_index.Change(old, delta.dead, added)
        return base_index.extend(self.root, name, self.collection.seq, change, self.segments, self.dim)

    def _live(self) -> Iterator[IndexEntry]:
        # The read transaction ends with the last passage, not when what is made of them is done.
        with self.catalog.read() as connection:
            yield from entries.live(connection, self.collection.row, 0, self.collection.seq)


def delta_since(connection: Connection, collection: Collection, seq: int) -> Delta:
    """Tell what changed in a collection between a base's sequence number and its last write."""
    return Delta(
        np.array(entries.added(connection, collection.row, seq, collection.seq), dtype=np.int64),
        np.array(entries.tombstones(connection, collection.row, seq, collection.seq), dtype=np.int64),
    )
