"""The generations: checksums of every file, and that each live passage is found in exactly one place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.checking.remedies import REBUILD, all_told
from qa_service.errors import QAError, Unavailable
from qa_service.index import base as base_index
from qa_service.index.base import Base
from qa_service.index.generation import Generations
from qa_service.index.indexes import Indexes
from qa_service.index.manifest import Manifest
from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.store import articles, collections, entries
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Block

Keys = NDArray[np.int64]
_PUBLISH = "start the service, or ingest anything"
_ATTEMPTS = 5
"""Looks at a generation that others replace, and whose files they remove, at the same moment."""


@dataclass(frozen=True, slots=True)
class _View:
    """A collection as an open read transaction has it, and what was published of it just then."""

    connection: Connection
    collection: Collection
    stamp: bytes | None
    manifest: Manifest | None
    unreadable: str | None = None

    @property
    def published(self) -> bool:
        """Whether the generation is of the collection's last write."""
        return self.manifest is not None and self.manifest.seq == self.collection.seq


def problems(catalog: Catalog, row: int, generations: Indexes) -> Iterator[str]:
    """Verify what is published of a collection, by whatever engine."""
    if isinstance(generations, Generations):
        yield from _problems_of_files(catalog, row, generations)
    elif isinstance(generations, MilvusIndexes):
        yield from generations.problems(row)


def _problems_of_files(catalog: Catalog, row: int, generations: Generations) -> Iterator[str]:
    """Verify the published generation of a collection against its own checksums and against the catalogue.

    Others may write meanwhile. What is found only counts if that generation is still the current one afterwards; and
    that a write is not published, only if nobody is about to publish it.
    """
    found: list[str] = []
    for attempt in range(_ATTEMPTS):
        with contextlib.ExitStack() as reading:
            view = _view(reading, catalog, row, generations, alone=attempt > 0)
            if view is None:
                return  # it was deleted meanwhile
            found = list(all_told(_problems(view, generations), "its indexes"))
            certain = attempt > 0 or view.published or view.unreadable is not None
            if not found or (certain and generations.directory(row).stamp() == view.stamp):
                break
    yield from found


def _view(
    reading: contextlib.ExitStack, catalog: Catalog, row: int, generations: Generations, *, alone: bool
) -> _View | None:
    """Begin to read; with `alone` at a moment when nobody writes or publishes. None without such a collection."""
    with contextlib.ExitStack() as writing:
        if alone:
            # Where somebody writes for very long, or nobody can write, it is as good as can be.
            with contextlib.suppress(Unavailable, OSError):
                writing.enter_context(catalog.writer_lock())
        connection = reading.enter_context(catalog.read())
        collection = next((one for one in collections.every(connection) if one.row == row), None)
        if collection is None:
            return None
        stamp = generations.directory(row).stamp()
        # None of them is removed under who looks at it.
        generations.segments.hold_committed(connection)
        try:
            return _View(connection, collection, stamp, generations.manifest(row))
        except QAError as error:
            return _View(connection, collection, stamp, None, str(error))


def _problems(view: _View, generations: Generations) -> Iterator[str]:
    if view.unreadable is not None:
        yield view.unreadable
    elif view.manifest is None or not view.published:
        root = generations.directory(view.collection.row).root
        yield f"{root}: its last write is not published ({_PUBLISH})"
    else:
        try:
            yield from _wrong(view.connection, view.collection, view.manifest, generations)
        except QAError as error:
            yield str(error)


def _wrong(
    connection: Connection, collection: Collection, manifest: Manifest, generations: Generations
) -> Iterator[str]:
    directory = generations.directory(collection.row)
    if stale := articles.outdated(connection, collection.row, manifest.versions.pipeline):
        yield f"{len(stale)} articles were processed with other settings ({REBUILD})"
    delta = directory.read_delta(manifest.delta)
    base = None
    if manifest.base is not None:
        wrong = base_index.verify(directory.root, manifest.base)
        yield from (f"index file {directory.root / name} fails its checksum ({REBUILD})" for name in wrong)
        if wrong:
            return
        base = generations.open_base(collection.row, manifest.base)
        yield from (f"{directory.root / manifest.base.directory}: {what} ({REBUILD})" for what in _parts(base))
        yield from _places(connection, base, delta.dead, generations)
    yield from _passages(connection, collection, manifest, base, (delta.added, delta.dead))


def _parts(base: Base) -> Iterator[str]:
    """Compare what each index of a base holds with the places of its passages."""
    for name, held, wanted in base.holdings():
        if not np.array_equal(np.sort(held), wanted):
            yield f"the index of {name} holds {len(held)} entries, which are not the {len(wanted)} of its passages"


def _passages(
    connection: Connection, collection: Collection, manifest: Manifest, base: Base | None, delta: tuple[Keys, Keys]
) -> Iterator[str]:
    """Find passages that are missing, shown twice or shown though they are gone."""
    added, dead = delta
    of_base = np.setdiff1d(base.keys, dead) if base is not None else np.empty(0, dtype=np.int64)
    live = np.array(entries.added(connection, collection.row, 0, manifest.seq), dtype=np.int64)
    for what, wrong in (
        ("live passages are in no index", np.setdiff1d(live, np.union1d(of_base, added))),
        ("passages are in the base and in the delta", np.intersect1d(of_base, added)),
        ("passages are shown though they are gone", np.setdiff1d(np.union1d(of_base, added), live)),
    ):
        if len(wrong):
            yield f"generation {manifest.name}: {len(wrong)} {what}, the first has key {wrong[0]} ({REBUILD})"


def _places(connection: Connection, base: Base, dead: Keys, generations: Generations) -> Iterator[str]:
    """Compare where a base looks for vectors with where the catalogue has them."""
    shown = np.setdiff1d(base.keys, dead)
    if not len(base.places):
        return
    rows = base.places.rows_of(shown)
    found = np.stack([base.places.segments[rows], base.places.slots[rows], np.diff(base.places.starts)[rows] + 1])
    stored = {entry.key: entry.block for entry in entries.by_key(connection, shown.tolist())}
    wrong = 0
    for key, (segment, slot, vectors) in zip(shown.tolist(), found.T.tolist(), strict=True):
        block = stored.get(key)
        # Elsewhere it may find the same, where an erasure that was cut off has moved them from.
        there = Block(segment, slot, vectors, block.crc) if block is not None else None
        wrong += there is None or (there != block and not generations.segments.holds(there))
    if wrong:
        yield f"index {base.entry.directory}: it looks for the vectors of {wrong} passages in wrong places ({REBUILD})"
