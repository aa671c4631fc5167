"""Publishing, loading and compacting generations: the way from catalogue and vectors to a snapshot."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Container
from pathlib import Path

from qa_service.errors import Damaged
from qa_service.index import base as base_index
from qa_service.index.base import Base
from qa_service.index.compaction import Compaction
from qa_service.index.generation_dir import GenerationDir, every_directory
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.index.manifest import BaseEntry, Manifest, Versions
from qa_service.index.mending import DamageNotes, find_bases, replayed
from qa_service.index.opening import Opening
from qa_service.index.processed import ensure_made_with, ensure_processed
from qa_service.index.publishing import Publishing
from qa_service.index.second_thread import SecondThread
from qa_service.index.snapshot import Snapshot
from qa_service.progress import Advance, unheard
from qa_service.store import collections, files
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

REPLAYED_IN_MEMORY = 5000
"""Passages that are published anew as a delta, which is compared one by one: some ms, with ten sentences each."""

OPEN_ATTEMPTS = 5
"""Tries to open a generation that another process replaces and cleans up at the same moment."""


class Generations:
    """All collections' generations in one data directory."""

    def __init__(self, catalog: Catalog, segments: Segments, versions: Versions) -> None:
        self.catalog = catalog
        self.segments = segments
        self._second = SecondThread()
        self.versions = versions
        self.publishing = Publishing(catalog, segments, versions)
        self.damage = DamageNotes()
        self._root = catalog.root / "indexes"
        files.make_directory(self._root)

    def directory(self, collection: int) -> GenerationDir:
        """Give the directory of a collection's generations."""
        return GenerationDir(self._root / f"{collection:06d}")

    def directories(self) -> list[GenerationDir]:
        """List the directories of all collections, those too that the catalogue does not know."""
        return every_directory(self.catalog.root)

    def stamp(self, collection: int) -> bytes | None:
        """Give what names the current generation of a collection; see `GenerationDir.stamp`."""
        return self.directory(collection).stamp()

    def current(self, collection: int) -> Manifest | None:
        """Read a collection's current manifest, whatever it was made with; None when nothing is published.

        Errors:
            Damaged: it cannot be read.
        """
        return self.directory(collection).read()

    def manifest(self, collection: int) -> Manifest | None:
        """Read a collection's current manifest; refuse one made with other versions.

        Errors:
            Incompatible: encoder, prompts, fold, splitter or tokenizer differ. Damaged: it cannot be read.
        """
        manifest = self.current(collection)
        if manifest is not None:
            ensure_made_with(self.versions, manifest.versions, str(self.directory(collection).root))
        return manifest

    def ensure_writable(self, collection: Collection | None) -> None:
        """Make sure, before anything is committed, that a write to a collection can be published.

        The caller holds the writer's lock. Damaged generations are mended; None is a collection still to be made,
        which must not be the only one made with its settings: then nothing would open the directory any more.

        Errors:
            Incompatible: the index was made with other settings than this process has.
        """
        if collection is None:
            with self.catalog.read() as connection:
                others = collections.every(connection)
            for other in others:
                with contextlib.suppress(Damaged):
                    self.manifest(other.row)
            return
        try:
            self.manifest(collection.row)
        except Damaged:
            self.recover(collection)

    def covers(self, collection: Collection) -> bool:
        """Tell whether the published generation covers a collection's last write; not if it is damaged.

        Errors:
            Incompatible: as for `manifest`.
        """
        try:
            manifest = self.manifest(collection.row)
        except Damaged:
            return False
        return manifest is not None and manifest.seq == collection.seq

    def publish(self, collection: Collection, base: BaseEntry | Callable[[], BaseEntry | None] | None) -> Manifest:
        """Publish a generation that covers the collection's last write; the caller holds the writer's lock.

        Errors:
            Unavailable: its files cannot be written.
        """
        entry = base() if callable(base) else base
        directory = self.directory(collection.row)
        return self.publishing.publish(directory, collection, entry)

    def publish_delta(self, collection: Collection) -> Manifest:
        """Publish the collection's last write over its current base."""

        def current_base() -> BaseEntry | None:
            manifest = self.manifest(collection.row)
            return manifest.base if manifest else None

        return self.publish(collection, current_base)

    def recover(
        self,
        collection: Collection,
        *,
        thoroughly: bool = False,
        advance: Advance = unheard,
    ) -> Manifest:
        """Bring the published generation up to the catalogue after a crash; the caller holds the writer's lock.

        What a damaged file belongs to is replaced by the last good base, or by all passages if there is none, with
        what the catalogue has beyond that.

        Parameters:
            thoroughly: compare the checksums of large files too.
            advance: told of all passages at once, at the end.

        Errors:
            Incompatible: articles were processed with other settings. Unavailable: nothing can be written.
        """
        recovered = self._recovered(collection, thoroughly=thoroughly)
        advance(collection.passages)
        return recovered

    def _recovered(self, collection: Collection, *, thoroughly: bool) -> Manifest:
        directory = self.directory(collection.row)
        try:
            manifest = self.manifest(collection.row)
            if manifest is not None:
                directory.read_delta(manifest.delta)
                if manifest.base is not None:
                    if thoroughly:
                        base_index.check_sound(directory.root, manifest.base)
                    base_index.load(directory.root, manifest.base, self.segments, self.versions.dim)
        except Damaged as error:
            logger.warning("the index of collection %s is damaged: %s", collection.name, error)
            return self._mend(collection, error)
        if manifest is not None and manifest.seq == collection.seq:
            return manifest
        ensure_processed(self.catalog, collection, self.versions.pipeline)
        return self.publish(collection, manifest.base) if manifest else self._replay(collection)

    def _mend(self, collection: Collection, error: Damaged) -> Manifest:
        """Publish what is sound, and remove the bases that are not."""
        ensure_processed(self.catalog, collection, self.versions.pipeline)
        directory = self.directory(collection.row)
        bases = find_bases(directory, self.versions, self.segments)
        if bases.good is None:
            manifest = self._replay(collection)
        else:
            with self.catalog.read() as connection:
                delta = replayed(connection, collection, bases.good.keys)
            manifest = self.publishing.put(directory, collection, bases.good.entry, delta)
        self.damage.mended(collection, error, manifest)
        for name in bases.damaged:
            files.remove(directory.root / name)
        return manifest

    def _replay(self, collection: Collection) -> Manifest:
        """Publish everything anew: as a delta while it is small enough to be searched in memory, else as a base."""
        if collection.passages <= REPLAYED_IN_MEMORY:
            return self.publish(collection, None)
        root = self.directory(collection.row).root
        files.make_directory(root)
        work = Compaction(self.catalog, self.segments, self.versions.dim, collection, root)
        return self.publish(collection, work.write(None, anew=True))

    def load(self, collection: int, previous: Snapshot | None) -> LocalSnapshot | None:
        """Open the current generation, reusing what `previous` has of it; None when nothing is published.

        Errors:
            Damaged, Incompatible: as for `manifest`.
        """
        # What other indexes had opened says nothing of these.
        before = previous if isinstance(previous, LocalSnapshot) else None
        for _ in range(OPEN_ATTEMPTS - 1):
            stamp = self.directory(collection).stamp()
            try:
                return self._load(collection, before)
            except Damaged:
                # The files may just have been superseded; only a generation still current is really damaged.
                if self.directory(collection).stamp() == stamp:
                    raise
        return self._load(collection, before)

    def _load(self, collection: int, previous: LocalSnapshot | None) -> LocalSnapshot | None:
        directory, manifest = self.directory(collection), self.manifest(collection)
        if manifest is not None:
            self.damage.opened(manifest)
        if manifest is None or (previous is not None and manifest == previous.manifest):
            return previous if manifest is not None else None
        opening = Opening(self.catalog, self.segments, self.versions.dim, self._second)
        return opening.open(directory, manifest, previous)

    def erase(self, collection: int) -> None:
        """Remove the files of a deleted collection, as far as they can be."""
        files.remove(self.directory(collection).root)

    def open_base(self, collection: int, entry: BaseEntry) -> Base:
        """Open a base to look at it; see `base.load`."""
        return base_index.load(self.directory(collection).root, entry, self.segments, self.versions.dim)

    def let_go(self) -> None:
        """Let go of what was removed and is not read any more; see `Segments.let_go`."""
        self.segments.let_go()

    def has_unknown(self, rows: Container[int]) -> bool:
        """Tell whether there are files of collections that the catalogue has no more, or not yet."""
        return bool(self._unknown(rows))

    def erase_unknown(self, rows: Container[int], *, surely: bool = False) -> None:
        """Remove the files of collections that the catalogue no longer has; the caller holds the writer's lock.

        Parameters:
            surely: durably, those too that were removed before.

        Errors:
            Unavailable: some cannot be removed, and that matters.
        """
        if surely:
            files.remove_for_good(self._unknown(rows), self._root)
            return
        for path in self._unknown(rows):
            files.remove(path)

    def _unknown(self, rows: Container[int]) -> list[Path]:
        return [path for path in sorted(self._root.iterdir()) if path.name.isdigit() and int(path.name) not in rows]
