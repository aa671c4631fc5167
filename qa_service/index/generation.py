"""Publishing, loading and compacting generations: the way from catalogue and vectors to a snapshot."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Container
from datetime import UTC, datetime
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged, Incompatible
from qa_service.index import base as base_index
from qa_service.index.base import Base
from qa_service.index.manifest import FORMAT, BaseEntry, Delta, GenerationDir, Manifest, Versions
from qa_service.index.snapshot import Chunk, Snapshot
from qa_service.store import articles, collections, entries, passages
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

COMPACT_PASSAGES = 2000
"""A delta is folded into a new base when it has this many passages and a tenth of the base's."""

OPEN_ATTEMPTS = 5
"""Tries to open a generation that another process replaces and cleans up at the same moment."""


class Generations:
    """All collections' generations in one data directory."""

    def __init__(self, catalog: Catalog, segments: Segments, versions: Versions) -> None:
        self._catalog = catalog
        self._segments = segments
        self.versions = versions
        self._root = catalog.data_dir / "indexes"
        self._root.mkdir(exist_ok=True)

    def directory(self, collection: int) -> GenerationDir:
        """Give the directory of a collection's generations."""
        return GenerationDir(self._root / f"{collection:06d}")

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
            delta = Delta(
                np.array(entries.added(connection, collection.row, base_seq, collection.seq), dtype=np.int64),
                np.array(entries.tombstones(connection, collection.row, base_seq, collection.seq), dtype=np.int64),
            )
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
                    base_index.load(self.directory(collection.row).root, manifest.base)
        except Damaged as error:
            logger.warning("rebuilding the index of collection %s: %s", collection.name, error)
            return self.publish(collection, None)
        if manifest is not None and manifest.seq == collection.seq:
            return manifest
        with self._catalog.read() as connection:
            if articles.outdated(connection, collection.row, self.versions.pipeline):
                raise Incompatible(
                    f"collection {collection.name!r} holds articles that were processed with other settings",
                    remedy="run `qa-service rebuild`",
                )
        return self.publish(collection, manifest.base if manifest else None)

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
        manifest = self.manifest(collection)
        if manifest is None or (previous is not None and manifest == previous.manifest):
            return previous if manifest is not None else None
        return self._open(manifest, previous)

    def _open(self, manifest: Manifest, previous: Snapshot | None) -> Snapshot:
        directory = self.directory(manifest.collection)
        delta = directory.read_delta(manifest.delta)
        base: Base | None = None
        chunks: tuple[Chunk, ...] = ()
        if previous is not None and previous.manifest.base == manifest.base:
            base, chunks = previous.base, previous.chunks
        elif manifest.base is not None:
            base = base_index.load(directory.root, manifest.base)
        held = np.concatenate([np.empty(0, dtype=np.int64), *(chunk.keys for chunk in chunks)])
        new = np.setdiff1d(delta.added, held, assume_unique=True)
        dead = np.union1d(delta.dead, np.setdiff1d(held, delta.added, assume_unique=True))
        if len(new):
            chunks = self._with_chunk(chunks, new, delta.added)
        return Snapshot(manifest, base, chunks, dead)

    def _with_chunk(
        self, chunks: tuple[Chunk, ...], new: NDArray[np.int64], live: NDArray[np.int64]
    ) -> tuple[Chunk, ...]:
        """Add keys as a chunk, merging with smaller neighbours so that there are only logarithmically many."""
        kept = list(chunks)
        keys = new
        while kept and len(kept[-1].keys) < 2 * len(keys):
            keys = np.union1d(keys, np.intersect1d(kept.pop().keys, live))
        with self._catalog.read() as connection:
            found = list(entries.by_key(connection, keys.tolist()))
        return (*kept, Chunk.build(found, self._segments, self.versions.dim))

    def due(self, collection: int) -> bool:
        """Tell whether a collection's delta has grown enough to be folded into a new base."""
        manifest = self.manifest(collection)
        if manifest is None:
            return False
        size = manifest.base.passages if manifest.base else 0
        with self._catalog.read() as connection:
            # Dead rows count too: those that came and went since the base are in no delta.
            changes = manifest.delta.entries + passages.count_dead(connection, collection)
        return changes >= max(COMPACT_PASSAGES, size // 10)

    def compact(self, collection: Collection, *, force: bool = False) -> Manifest | None:
        """Fold everything into a new base and erase the rows of the dead; None when not due (or nothing to do).

        The base is built without the writer's lock, from a snapshot of the catalogue; only publishing takes it.
        """
        if not force and not self.due(collection.row):
            return None
        directory = self.directory(collection.row)
        root = directory.root
        root.mkdir(exist_ok=True)
        with filelock.FileLock(root / "compact.lock", is_singleton=False):
            for path in directory.orphans():
                _remove(path)
            return self._compact(collection, root)

    def _compact(self, collection: Collection, root: Path) -> Manifest | None:
        with self._catalog.read() as connection:
            found = list(entries.live(connection, collection.row, 0, collection.seq))
        name = f"base-{collection.seq}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        entry = base_index.build(root, name, collection.seq, found, self._segments, self.versions.dim)
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                current = collections.find(connection, collection.name)
            if current is None or current.row != collection.row:
                shutil.rmtree(root / name, ignore_errors=True)
                return None
            manifest = self.publish(current, entry)
            with self._catalog.write() as tx:
                passages.erase_deleted(tx, collection.row, entry.seq)
                articles.erase_deleted(tx, collection.row, entry.seq)
        return manifest

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
