"""Opening a generation: what a snapshot of an earlier one has of it is used again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.index import base as base_index
from qa_service.index.base import Base
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.local_snapshot import Chunk, LocalSnapshot
from qa_service.index.manifest import BaseEntry, Manifest
from qa_service.index.second_thread import SecondThread
from qa_service.store import entries
from qa_service.store.catalog import Catalog
from qa_service.store.segments import Segments


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens generations whose vectors are `dim` long."""

    catalog: Catalog
    segments: Segments
    dim: int
    second: SecondThread

    def open(self, directory: GenerationDir, manifest: Manifest, previous: LocalSnapshot | None) -> LocalSnapshot:
        """Open what a manifest names.

        Errors:
            Damaged: a file of it is missing or cannot be read.
        """
        delta = directory.read_delta(manifest.delta)
        base: Base | None = None
        chunks: tuple[Chunk, ...] = ()
        if previous is not None and _same(previous.manifest.base, manifest.base):
            base, chunks = previous.base, previous.chunks
        elif manifest.base is not None:
            base = base_index.load(directory.root, manifest.base, self.segments, self.dim)
            self.segments.hold(base.places.segments)
        held = np.concatenate([np.empty(0, dtype=np.int64), *(chunk.keys for chunk in chunks)])
        new = np.setdiff1d(delta.added, held, assume_unique=True)
        dead = np.union1d(delta.dead, np.setdiff1d(held, delta.added, assume_unique=True))
        if len(new):
            chunks = self._with_chunk(chunks, new, delta.added)
        return LocalSnapshot(manifest, base, chunks, dead, self.second)

    def _with_chunk(
        self, chunks: tuple[Chunk, ...], new: NDArray[np.int64], live: NDArray[np.int64]
    ) -> tuple[Chunk, ...]:
        """Add keys as a chunk, merging with smaller neighbours so that there are only logarithmically many."""
        kept = list(chunks)
        keys = new
        while kept and len(kept[-1].keys) < 2 * len(keys):
            keys = np.union1d(keys, np.intersect1d(kept.pop().keys, live))
        with self.catalog.read() as connection:
            found = list(entries.by_key(connection, keys.tolist()))
        return (*kept, Chunk.build(found, self.segments, self.dim))


def _same(one: BaseEntry | None, other: BaseEntry | None) -> bool:
    """Tell whether two are one base, whatever was measured of it since."""
    return (one.directory if one else None) == (other.directory if other else None)
