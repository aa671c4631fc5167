"""Folding: the delta of a collection becomes part of a new base, and what the dead take up is given back."""

from __future__ import annotations

from dataclasses import replace

import filelock

from qa_service.index import base as base_index
from qa_service.index.compaction import Compaction
from qa_service.index.generation import Generations
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import FORMAT, BaseEntry, Manifest
from qa_service.store import articles, collections, files, passages
from qa_service.store.collections import Collection

COMPACT_PASSAGES = 2000
COMPACT_AT_MOST = 5000
"""A delta is folded into a new base when it has this many passages and a tenth of the base's; so many are enough. They
are compared one by one, which takes a few ms for 5,000 passages with ten sentences each."""


def is_due(generations: Generations, collection: int) -> bool:
    """Tell whether a collection's delta has grown enough to be folded into a new base."""
    manifest = generations.manifest(collection)
    if manifest is None:
        return False
    if collection in generations.damage:
        return True
    size = manifest.base.passages if manifest.base else 0
    with generations.catalog.read() as connection:
        # Dead rows count too: those that came and went since the base are in no delta.
        changes = manifest.delta.entries + passages.count_dead(connection, collection)
    return changes >= max(COMPACT_PASSAGES, min(size // 10, COMPACT_AT_MOST))


def compact(
    generations: Generations, collection: Collection, *, force: bool = False, anew: bool = False
) -> Manifest | None:
    """Fold everything into a new base and erase the rows of the dead; None when not due (or nothing to do).

    The base is built without the writer's lock, from a snapshot of the catalogue; only publishing takes it.

    Parameters:
        force: do so even if it is not due.
        anew: do so, and take nothing over from the current base.
    """
    if not (force or anew or is_due(generations, collection.row)):
        return None
    directory = generations.directory(collection.row)
    files.make_directory(directory.root)
    with filelock.FileLock(directory.root / "compact.lock", is_singleton=False):
        _remove_orphans(generations, directory)
        # Another compaction may have ended while this one waited.
        with generations.catalog.read() as connection:
            current = collections.find(connection, collection.name)
        if current is None or current.row != collection.row:
            return None
        manifest = None if anew else generations.manifest(collection.row)
        work = Compaction(generations.catalog, generations.segments, generations.versions.dim, current, directory.root)
        return _take_over(generations, current, work.write(manifest.base if manifest else None, anew=anew))


def _remove_orphans(generations: Generations, directory: GenerationDir) -> None:
    """Remove bases that were never published; the caller holds the lock of compactions."""
    if directory.orphans():
        # A replay makes its base under this lock alone, and has published it when it lets go.
        with generations.catalog.writer_lock():
            for path in directory.orphans():
                files.remove(path)


def _take_over(generations: Generations, collection: Collection, entry: BaseEntry) -> Manifest | None:
    """Publish a new base; None if its collection is gone meanwhile."""
    with generations.catalog.writer_lock():
        with generations.catalog.read() as connection:
            current = collections.find(connection, collection.name)
        if current is None or current.row != collection.row:
            files.remove(generations.directory(collection.row).root / entry.directory)
            return None
        manifest = generations.publish(current, entry)
        with generations.catalog.write() as tx:
            passages.erase_deleted(tx, collection.row, entry.seq)
            articles.erase_deleted(tx, collection.row, entry.seq)
    return manifest


def measure(generations: Generations, collection: Collection, queries: int) -> BaseEntry | None:
    """Measure the recall of the current base's dense legs, and record it; None without a base."""
    manifest = generations.manifest(collection.row)
    if manifest is None or manifest.base is None:
        return None
    directory = generations.directory(collection.row)
    windows, sentences = base_index.measure(
        directory.root, manifest.base, generations.segments, generations.versions.dim, queries
    )
    entry = replace(manifest.base, windows=windows, sentences=sentences)
    with generations.catalog.writer_lock():
        current = generations.manifest(collection.row)
        # In format 2 a base has no legs to record anything of.
        if current is not None and current.base == manifest.base and manifest.base.windows is not None:
            directory.publish(replace(current, format=FORMAT, base=entry))
            directory.remove_obsolete()
    return entry


def remove_superseded(generations: Generations, collection: Collection) -> None:
    """Remove, durably, everything that the current generation of a collection does not need.

    Nothing is left then to fall back to but catalogue and vectors, should a file of it be damaged.

    Errors:
        Unavailable: something of it cannot be removed.
    """
    directory = generations.directory(collection.row)
    with (
        filelock.FileLock(directory.root / "compact.lock", is_singleton=False),
        generations.catalog.writer_lock(),
    ):
        files.remove_for_good(directory.all_but_current(), directory.root)
