"""The collections as they are asked: for each the snapshot of its current generation, kept open and replaced whole."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from qa_service.errors import Damaged
from qa_service.index.indexes import Indexes
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.index.manifest import BaseEntry
from qa_service.index.snapshot import Gone, Published, Snapshot
from qa_service.store import collections
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection

T = TypeVar("T")

logger = logging.getLogger(__name__)


class OpenedCollections:
    """Snapshots by collection; readers take one and keep it until they are done.

    Attributes:
        doubted: what a question that did not find what is published was told, by row of the collection.
    """

    def __init__(self, catalog: Catalog, generations: Indexes) -> None:
        self._catalog = catalog
        self._generations = generations
        self._snapshots: dict[int, Snapshot] = {}
        self._unreadable: dict[int, tuple[str, bytes | None, Damaged]] = {}
        self._refreshing = threading.Lock()
        self.doubted: dict[int, str] = {}

    def snapshot(self, name: str) -> Snapshot | None:
        """Give the open snapshot of a collection; None when nothing is published of it.

        Errors:
            NotFound: no such collection. Damaged: what it is made of, the catalogue or the vectors, is.
        """
        with self._catalog.read() as connection:
            found = collections.get(connection, name)
        snapshot = self._snapshots.get(found.row)
        if snapshot is None:
            self._ensure_readable(found.row)
            self.refresh_or_mend(name)
            snapshot = self._snapshots.get(found.row)
        elif self._generations.follows_writes and snapshot.seq < found.seq:
            # Another process may have published what its client has been told is there.
            self.refresh(name)
            snapshot = self._snapshots.get(found.row)
        if snapshot is None and found.passages:
            # Its writer has committed but not published, or its files are gone: never an empty answer.
            self.publish_lagging(name)
            self.refresh(name)
            snapshot = self._snapshots.get(found.row)
        return snapshot

    def use(self, name: str, act: Callable[[Snapshot | None], T]) -> T:
        """Do something with the open snapshot of a collection; again where that was replaced meanwhile.

        Errors:
            As for `snapshot`. Gone: what is published is lost; it is `doubted`, and made again by who looks after that.
        """
        snapshot = self.snapshot(name)
        try:
            return act(snapshot)
        except Gone as error:
            assert snapshot is not None
            self.refresh(name)
            newer = self.snapshot(name)
            if newer is snapshot:
                self._generations.doubt(snapshot.manifest.collection)
                self.doubted[snapshot.manifest.collection] = f"collection {name} cannot be asked: {error}"
                raise
        return act(newer)

    def refresh(self, name: str) -> None:
        """Open a collection's current generation if it is not the one open already."""
        with self._refreshing:
            with self._catalog.read() as connection:
                found = collections.find(connection, name)
            if found is None:
                return
            snapshot = self._generations.load(found.row, self._snapshots.get(found.row))
            if snapshot is not None:
                self._snapshots[found.row] = snapshot
                self._unreadable.pop(found.row, None)

    def refresh_or_mend(self, name: str) -> None:
        """Open a collection's current generation; if it is damaged, what is sound is published first."""
        try:
            self.refresh(name)
        except Damaged as error:
            logger.warning("collection %s is mended: %s", name, error)
            self.publish_lagging(name)
            self.refresh(name)

    def mend(self, row: int) -> None:
        """Verify a collection's current generation thoroughly, publish what is sound if it is not, and open that."""
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                found = next((one for one in collections.every(connection) if one.row == row), None)
            if found is None:
                return
            self._generations.recover(found, thoroughly=True)
        self.refresh(found.name)

    def bases(self) -> list[tuple[int, BaseEntry]]:
        """List the bases that are open, each with its collection's row."""
        found = [(row, one.base) for row, one in list(self._snapshots.items()) if isinstance(one, LocalSnapshot)]
        return [(row, base.entry) for row, base in found if base is not None]

    def warnings(self) -> list[str]:
        """Tell what was found damaged: what is replaced for the time being, and what cannot be."""
        unreadable = [f"collection {name} cannot be asked: {error}" for name, _, error in self._unreadable.values()]
        return [*self._generations.damage.warnings(), *unreadable, *list(self.doubted.values())]

    def follow(self, name: str) -> None:
        """Open a collection's current generation if an older one is open; else the first question does."""
        with self._catalog.read() as connection:
            found = collections.find(connection, name)
        if found is not None and found.row in self._snapshots:
            self.refresh_or_mend(name)

    def served(self) -> dict[int, Published]:
        """Give the manifest of each open snapshot by its collection's row."""
        return {row: snapshot.manifest for row, snapshot in list(self._snapshots.items())}

    def open_snapshots(self) -> dict[int, Snapshot]:
        """Give the open snapshots by their collection's row."""
        return dict(self._snapshots)

    def forget_all_but(self, rows: set[int]) -> None:
        """Let go of the snapshots of collections that exist no more, and of what was wrong with them."""
        for row in set(self._snapshots) - rows:
            self._snapshots.pop(row, None)
        for row in set(self._unreadable) - rows:
            self._unreadable.pop(row, None)
        for row in set(self.doubted) - rows:
            self.doubted.pop(row, None)
        self._generations.damage.forget_all_but(rows)

    def recover(self, *, partly: bool = False) -> None:
        """Open every collection, publishing first what a crash left unpublished or damaged.

        Args:
            partly: do without the collections whose articles or vectors are damaged: `snapshot` refuses those, and
                `warnings` names them. One flipped bit must not keep all the others from being asked.

        Errors:
            Damaged: the catalogue has lost writes; or, if not `partly`, a collection is.
        """
        self._generations.ensure_none_lost()
        with self._catalog.read() as connection:
            found = collections.every(connection)
        for collection in found:
            try:
                if not self._open_current(collection):
                    self.publish_lagging(collection.name)
                    self.refresh(collection.name)
            except Damaged as error:
                if not partly:
                    raise
                logger.warning("collection %s cannot be asked: %s", collection.name, error)
                stamp = self._generations.stamp(collection.row)
                self._unreadable[collection.row] = collection.name, stamp, error
        # Without the lock, as a rule: to open is not to wait for another process that writes.
        if self._generations.has_unknown(self._rows()):
            with self._catalog.writer_lock():
                self._generations.erase_unknown(self._rows())

    def _ensure_readable(self, row: int) -> None:
        """Refuse at once what could not be opened, until something else is published: looking takes the lock."""
        _, stamp, error = self._unreadable.get(row, ("", None, None))
        if error is not None and stamp == self._generations.stamp(row):
            raise Damaged(error.detail, field=error.field, remedy=error.remedy) from error

    def _rows(self) -> set[int]:
        with self._catalog.read() as connection:
            return {collection.row for collection in collections.every(connection)}

    def publish_lagging(self, name: str) -> None:
        """Publish a collection's last write if no sound generation covers it."""
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                collection = collections.find(connection, name)
            if collection is not None:
                self._generations.recover(collection)

    def ensure_published(self, name: str) -> None:
        """Publish a collection's last write where its writer was killed before it did."""
        with self._catalog.read() as connection:
            found = collections.find(connection, name)
        if found is None or not found.passages:
            return
        manifest = self._generations.current(found.row)
        if manifest is None or manifest.seq != found.seq:
            self.publish_lagging(name)

    def is_due(self, name: str) -> bool:
        """Tell whether a collection's delta has grown enough to be folded into its base."""
        with self._catalog.read() as connection:
            found = collections.find(connection, name)
        return found is not None and self._generations.is_due(found.row)

    def compact(self, name: str) -> bool:
        """Fold a collection's delta into its base if it has grown enough; tell whether it had."""
        with self._catalog.read() as connection:
            found = collections.find(connection, name)
        if found is None or self._generations.compact(found) is None:
            return False
        self.follow(name)
        return True

    def follow_all(self) -> None:
        """Open the current generation of every collection of which an older one is open."""
        with self._catalog.read() as connection:
            found = collections.every(connection)
        for collection in found:
            self.follow(collection.name)

    def _open_current(self, collection: Collection) -> bool:
        """Open the published generation; False when it is damaged or does not cover the last write."""
        try:
            if not self._generations.covers(collection):
                return False
            self.refresh(collection.name)
        except Damaged as error:
            logger.warning("collection %s will be indexed anew: %s", collection.name, error)
            return False
        return True
