"""Publishing, loading and compacting generations: the way from catalogue and vectors to a snapshot."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import filelock

from qa_service.errors import Damaged, Incompatible
from qa_service.index import base as base_index
from qa_service.index.compaction import Compaction, delta_since
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import FORMAT, BaseEntry, Manifest, Versions
from qa_service.index.opening import Opening
from qa_service.index.second_thread import SecondThread
from qa_service.index.snapshot import Snapshot
from qa_service.store import articles, collections, passages
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

COMPACT_PASSAGES = 2000
COMPACT_AT_MOST = 5000
"""A delta is folded into a new base when it has this many passages and a tenth of the base's; so many are enough. They
are compared one by one, which takes a few ms for 5,000 passages with ten sentences each."""

OPEN_ATTEMPTS = 5
"""Tries to open a generation that another process replaces and cleans up at the same moment."""


class Generations:
    """All collections' generations in one data directory."""

    def __init__(self, catalog: Catalog, segments: Segments, versions: Versions) -> None:
        self._catalog = catalog
        self._segments = segments
        self._second = SecondThread()
        self.versions = versions
        self._root = catalog.data_dir / "indexes"
        self._root.mkdir(exist_ok=True)

    def directory(self, collection: int) -> GenerationDir:
        """Give the directory of a collection's generations."""
        return GenerationDir(self._root / f"{collection:06d}")

    def directories(self) -> list[GenerationDir]:
        """List the directories of all collections, those too that the catalogue does not know."""
        return [GenerationDir(path) for path in sorted(self._root.iterdir()) if path.name.isdigit()]

    def manifest(self, collection: int) -> Manifest | None:
        """Read a collection's current manifest; refuse one made with other versions.

        Errors:
            Incompatible: encoder, prompts, fold, splitter or tokenizer differ. Damaged: it cannot be read.
        """
        manifest = self.directory(collection).read()
        if manifest is not None and manifest.versions != self.versions:
            changed = ", ".join(manifest.versions.differences(self.versions))
            raise Incompatible(
                f"the index was made with other settings ({changed}): model {manifest.versions.model!r}"
                f" then, {self.versions.model!r} now",
                field=str(self.directory(collection).root),
                remedy="restore the old settings, or run `qa-service rebuild` to process the articles anew",
            )
        return manifest

    def ensure_writable(self, collection: Collection | None) -> None:
        """Make sure, before anything is committed, that a write to a collection can be published.

        The caller holds the writer's lock. Damaged generations are mended; None is a collection still to be made.

        Errors:
            Incompatible: the index was made with other settings than this process has.
        """
        if collection is None:
            return
        try:
            self.manifest(collection.row)
        except Damaged:
            self.recover(collection)

    def publish(self, collection: Collection, base: BaseEntry | Callable[[], BaseEntry | None] | None) -> Manifest:
        """Publish a generation that covers the collection's last write; the caller holds the writer's lock."""
        directory = self.directory(collection.row)
        directory.root.mkdir(exist_ok=True)
        entry = base() if callable(base) else base
        base_seq = entry.seq if entry else 0
        with self._catalog.read() as connection:
            delta = delta_since(connection, collection, base_seq)
        manifest = Manifest(
            format=FORMAT,
            collection=collection.row,
            seq=collection.seq,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=self.versions,
            base=entry,
            delta=directory.write_delta(delta, collection.seq, base_seq),
        )
        directory.publish(manifest)
        for path in directory.obsolete():
            _remove(path)
        return manifest

    def publish_delta(self, collection: Collection) -> Manifest:
        """Publish the collection's last write over its current base."""

        def current_base() -> BaseEntry | None:
            manifest = self.manifest(collection.row)
            return manifest.base if manifest else None

        return self.publish(collection, current_base)

    def recover(self, collection: Collection) -> Manifest:
        """Bring the published generation up to the catalogue after a crash; the caller holds the writer's lock.

        A damaged manifest or base is replaced by a replay of everything from catalogue and vectors.
        """
        try:
            manifest = self.manifest(collection.row)
            if manifest is not None:
                self.directory(collection.row).read_delta(manifest.delta)
                if manifest.base is not None:
                    base_index.load(
                        self.directory(collection.row).root, manifest.base, self._segments, self.versions.dim
                    )
        except Damaged as error:
            logger.warning("rebuilding the index of collection %s: %s", collection.name, error)
            return self._replay(collection)
        if manifest is not None and manifest.seq == collection.seq:
            return manifest
        with self._catalog.read() as connection:
            if articles.outdated(connection, collection.row, self.versions.pipeline):
                raise Incompatible(
                    f"collection {collection.name!r} holds articles that were processed with other settings",
                    remedy="run `qa-service rebuild`",
                )
        return self.publish(collection, manifest.base) if manifest else self._replay(collection)

    def _replay(self, collection: Collection) -> Manifest:
        """Publish everything anew: as a delta while it is small enough to be searched in memory, else as a base."""
        if collection.passages <= COMPACT_AT_MOST:
            return self.publish(collection, None)
        root = self.directory(collection.row).root
        root.mkdir(exist_ok=True)
        work = Compaction(self._catalog, self._segments, self.versions.dim, collection, root)
        return self.publish(collection, work.write(None, anew=True))

    def load(self, collection: int, previous: Snapshot | None) -> Snapshot | None:
        """Open the current generation, reusing what `previous` has of it; None when nothing is published.

        Errors:
            Damaged, Incompatible: as for `manifest`.
        """
        for _ in range(OPEN_ATTEMPTS - 1):
            stamp = self.directory(collection).stamp()
            try:
                return self._load(collection, previous)
            except Damaged:
                # The files may just have been superseded; only a generation still current is really damaged.
                if self.directory(collection).stamp() == stamp:
                    raise
        return self._load(collection, previous)

    def _load(self, collection: int, previous: Snapshot | None) -> Snapshot | None:
        directory, manifest = self.directory(collection), self.manifest(collection)
        if manifest is None or (previous is not None and manifest == previous.manifest):
            return previous if manifest is not None else None
        opening = Opening(self._catalog, self._segments, self.versions.dim, self._second)
        return opening.open(directory, manifest, previous)

    def due(self, collection: int) -> bool:
        """Tell whether a collection's delta has grown enough to be folded into a new base."""
        manifest = self.manifest(collection)
        if manifest is None:
            return False
        size = manifest.base.passages if manifest.base else 0
        with self._catalog.read() as connection:
            # Dead rows count too: those that came and went since the base are in no delta.
            changes = manifest.delta.entries + passages.count_dead(connection, collection)
        return changes >= max(COMPACT_PASSAGES, min(size // 10, COMPACT_AT_MOST))

    def compact(self, collection: Collection, *, force: bool = False, anew: bool = False) -> Manifest | None:
        """Fold everything into a new base and erase the rows of the dead; None when not due (or nothing to do).

        The base is built without the writer's lock, from a snapshot of the catalogue; only publishing takes it.

        Args:
            collection: which.
            force: do so even if it is not due.
            anew: do so, and take nothing over from the current base.
        """
        if not (force or anew or self.due(collection.row)):
            return None
        directory = self.directory(collection.row)
        directory.root.mkdir(exist_ok=True)
        with filelock.FileLock(directory.root / "compact.lock", is_singleton=False):
            for path in directory.orphans():
                _remove(path)
            # Another compaction may have ended while this one waited.
            with self._catalog.read() as connection:
                current = collections.find(connection, collection.name)
            if current is None or current.row != collection.row:
                return None
            manifest = None if anew else self.manifest(collection.row)
            work = Compaction(self._catalog, self._segments, self.versions.dim, current, directory.root)
            return self._take_over(current, work.write(manifest.base if manifest else None, anew=anew))

    def _take_over(self, collection: Collection, entry: BaseEntry) -> Manifest | None:
        """Publish a new base; None if its collection is gone meanwhile."""
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                current = collections.find(connection, collection.name)
            if current is None or current.row != collection.row:
                _remove(self.directory(collection.row).root / entry.directory)
                return None
            manifest = self.publish(current, entry)
            with self._catalog.write() as tx:
                passages.erase_deleted(tx, collection.row, entry.seq)
                articles.erase_deleted(tx, collection.row, entry.seq)
        return manifest

    def measure(self, collection: Collection, queries: int) -> BaseEntry | None:
        """Measure the recall of the current base's dense legs, and record it; None without a base."""
        manifest = self.manifest(collection.row)
        if manifest is None or manifest.base is None:
            return None
        directory = self.directory(collection.row)
        windows, sentences = base_index.measure(
            directory.root, manifest.base, self._segments, self.versions.dim, queries
        )
        entry = replace(manifest.base, windows=windows, sentences=sentences)
        with self._catalog.writer_lock():
            current = self.manifest(collection.row)
            # In format 2 a base has no legs to record anything of.
            if current is not None and current.base == manifest.base and manifest.base.windows is not None:
                directory.publish(replace(current, format=FORMAT, base=entry))
                for path in directory.obsolete():
                    _remove(path)
        return entry

    def erase(self, collection: int) -> None:
        """Remove the files of a deleted collection."""
        shutil.rmtree(self.directory(collection).root, ignore_errors=True)

    def erase_unknown(self, rows: Container[int]) -> None:
        """Remove the files of collections that the catalogue no longer has."""
        for path in self._root.iterdir():
            if path.name.isdigit() and int(path.name) not in rows:
                shutil.rmtree(path, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
