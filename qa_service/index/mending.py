"""What takes the place of a damaged generation: the last good base, and what the catalogue has beyond it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.index import base as base_index
from qa_service.index.base import Base
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.manifest import Delta, Manifest, Versions
from qa_service.store import entries
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bases:
    """The bases of a collection that could be served: the latest that is sound, and the names of those that are not."""

    good: Base | None
    damaged: tuple[str, ...]


def find_bases(directory: GenerationDir, versions: Versions, segments: Segments) -> Bases:
    """Look for the latest base of these versions of which every file is as it was written."""
    damaged: list[str] = []
    for manifest in directory.earlier():
        entry = manifest.base
        if entry is None or manifest.versions != versions or entry.directory in damaged:
            continue
        try:
            base_index.check_sound(directory.root, entry)
            base = base_index.load(directory.root, entry, segments, versions.dim)
            # Those that an erasure would have removed, had it not been cut off.
            if segments.are_there(base.places.segments):
                return Bases(base, tuple(damaged))
            damaged.append(entry.directory)
        except Damaged as error:
            logger.warning("not used: %s", error)
            damaged.append(entry.directory)
    return Bases(None, tuple(damaged))


def replayed(connection: Connection, collection: Collection, keys: NDArray[np.int64]) -> Delta:
    """Tell what a collection has now beyond a base with these keys, and what of it is gone.

    By the keys, not by the sequence numbers of deletions: rows that were erased since have none any more.
    """
    live = np.array(entries.added(connection, collection.row, 0, collection.seq), dtype=np.int64)
    return Delta(np.setdiff1d(live, keys, assume_unique=True), np.setdiff1d(keys, live, assume_unique=True))


@dataclass(frozen=True, slots=True)
class _Note:
    warning: str
    base: str | None


class DamageNotes:
    """What was found damaged, by collection, until a new base has been made. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[int, _Note] = {}

    def __contains__(self, collection: object) -> bool:
        return collection in self._notes

    def mended(self, collection: Collection, error: Damaged, manifest: Manifest) -> None:
        """Note what was damaged, and what is served instead."""
        base = manifest.base.directory if manifest.base else None
        instead = f"{base} with the changes since then" if base else "all passages anew"
        warning = (
            f"collection {collection.name}: {error.detail} ({error.field}). It is not served any more, but {instead},"
            " from the catalogue, until a new index is made"
        )
        with self._lock:
            self._notes[collection.row] = _Note(warning, base)

    def opened(self, manifest: Manifest) -> None:
        """Forget the damage of a collection of which another base is there now."""
        note = self._notes.get(manifest.collection)
        if note is not None and manifest.base is not None and manifest.base.directory != note.base:
            with self._lock:
                self._notes.pop(manifest.collection, None)

    def forget_all_but(self, collections: Set[int]) -> None:
        """Forget the damage of collections that exist no more."""
        with self._lock:
            self._notes = {row: note for row, note in self._notes.items() if row in collections}

    def warnings(self) -> list[str]:
        """Tell what is damaged."""
        with self._lock:
            return [note.warning for note in self._notes.values()]
