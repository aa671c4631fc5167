"""Indexes in files of the data directory, complete: generations, and their folding into new bases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from qa_service.errors import QAError
from qa_service.index import folding, lost_writes
from qa_service.index.generation import Generations
from qa_service.index.indexes import Indexes
from qa_service.index.lost_writes import REMEDY
from qa_service.index.manifest import BaseEntry, Manifest
from qa_service.store.collections import Collection

_CHECK = "run `qa-service check`"


class LocalIndexes(Generations):
    """The implementation of `Indexes` that needs nothing but the data directory."""

    follows_writes = False
    names_blocks = True

    def is_due(self, collection: int) -> bool:
        """Tell whether a collection's delta has grown enough; see `folding.is_due`."""
        return folding.is_due(self, collection)

    def compact(self, collection: Collection, *, force: bool = False, anew: bool = False) -> Manifest | None:
        """Fold a collection's delta into a base; see `folding.compact`."""
        return folding.compact(self, collection, force=force, anew=anew)

    def remove_superseded(self, collection: Collection) -> None:
        """Remove what the current generation does not need; see `folding.remove_superseded`."""
        folding.remove_superseded(self, collection)

    def measure(self, collection: Collection, queries: int) -> BaseEntry | None:
        """Measure the recall of the dense legs; see `folding.measure`."""
        return folding.measure(self, collection, queries)

    def ensure_none_lost(self, remedy: str = REMEDY) -> None:
        """Make sure that no index is ahead of the catalogue; see `lost_writes`."""
        lost_writes.ensure_none_lost(self.catalog, remedy)

    def accept_loss(self) -> None:
        """Remove the indexes that are ahead of the catalogue; see `lost_writes`."""
        lost_writes.accept_loss(self.catalog, self)

    def are_there(self) -> bool:
        """Tell so: where they are depends on the catalogue alone."""
        return True

    def doubt(self, collection: int) -> None:
        """Do nothing: files that are read are held open."""

    def expect(self, successor: Indexes) -> None:
        """Do nothing: its files go with the folder that they are in."""

    def inherit(self, replaced: Indexes) -> None:
        """Do nothing: their files go with the folder that they are in."""

    def while_waiting(self, pause: Callable[[], AbstractContextManager[None]]) -> None:
        """Do nothing: no other process is waited for."""

    def unfit(self, collection: Collection) -> Iterator[str]:
        """Look whether the files of the published generation are there in their lengths."""
        directory = self.directory(collection.row)
        try:
            manifest = directory.read()
        except QAError as error:
            yield f"{error.detail} ({error.remedy or _CHECK})"
            return
        if manifest is None:
            if collection.passages:
                yield f"nothing of it is published ({_CHECK})"
            return
        wrong = [name for name, size in _files(manifest) if _size(directory.root / name) != size]
        # Another generation may have been published, and this one's files removed, since its manifest was read.
        if wrong and directory.read() == manifest:
            yield f"{wrong[0]} is missing or not of its length ({_CHECK})"

    def close(self) -> None:
        """Do nothing: files are held by snapshots alone."""


def _files(manifest: Manifest) -> Iterator[tuple[str, int]]:
    yield manifest.delta.name, manifest.delta.bytes
    if manifest.base is not None:
        yield from ((f"{manifest.base.directory}/{file.name}", file.bytes) for file in manifest.base.files)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
