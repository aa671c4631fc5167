"""Publishing a generation: a base, what changed since, and a manifest that names both."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import numpy as np

from qa_service.errors import Damaged, Incompatible, Unavailable
from qa_service.index import base as base_index
from qa_service.index.compaction import delta_since
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import FORMAT, BaseEntry, Delta, Manifest, Versions
from qa_service.index.mending import replayed
from qa_service.store import files
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments


class Publishing:
    """Publishes generations made with one set of versions; callers hold the writer's lock."""

    def __init__(self, catalog: Catalog, segments: Segments, versions: Versions) -> None:
        self._catalog = catalog
        self._segments = segments
        self._versions = versions

    def publish(self, directory: GenerationDir, collection: Collection, entry: BaseEntry | None) -> Manifest:
        """Publish a base with what the catalogue has beyond it.

        Errors:
            Unavailable: its files cannot be written.
        """
        return self.put(directory, collection, entry, self._changes(directory, collection, entry))

    def put(self, directory: GenerationDir, collection: Collection, entry: BaseEntry | None, delta: Delta) -> Manifest:
        """Publish a base with what changed since; errors as of `publish`."""
        try:
            files.make_directory(directory.root)
            manifest = Manifest(
                format=FORMAT,
                collection=collection.row,
                seq=collection.seq,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                versions=self._versions,
                base=entry,
                delta=directory.write_delta(delta, collection.seq, entry.seq if entry else 0),
            )
            directory.publish(manifest)
        except OSError as error:
            # It is tried again and again, on a disk that may be full.
            with contextlib.suppress(OSError):
                for path in directory.strays():
                    files.remove(path)
            raise Unavailable(
                f"what was written is kept, but cannot be searched yet: publishing failed: {error}",
                field=str(directory.root),
                remedy="check that the disk has room and the directory can be written; the next write, or the next"
                " start, publishes it",
            ) from error
        directory.remove_obsolete()
        return manifest

    def _changes(self, directory: GenerationDir, collection: Collection, entry: BaseEntry | None) -> Delta:
        """Tell what changed since a base, with what was known to be dead of it and was erased since."""
        with self._catalog.read() as connection:
            delta = delta_since(connection, collection, entry.seq if entry else 0)
        try:
            before = directory.read()
            if before is None or before.base is None or entry is None or before.base.directory != entry.directory:
                return delta
            return Delta(delta.added, np.union1d(delta.dead, directory.read_delta(before.delta).dead))
        except Incompatible:
            return delta
        except Damaged:
            if entry is None:
                return delta
            base = base_index.load(directory.root, entry, self._segments, self._versions.dim)
            with self._catalog.read() as connection:
                return replayed(connection, collection, base.keys)
