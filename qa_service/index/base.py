"""Base indexes: immutable directories with the window, sentence and word indexes of every passage live at one seq."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.index import dense, lexical
from qa_service.index.dense import Former, Source
from qa_service.index.legs import ExactLeg, Leg
from qa_service.index.lexical import LexicalIndex
from qa_service.index.manifest import BaseEntry, FileEntry, LegEntry
from qa_service.index.places import Keys, Places, PlacesCollector, Rows
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments, fsync_directory

MOST_LINGERING = 0.2
"""Share of a word index's passages that may be gone before it is built anew; only then are they physically gone."""
_REMEDY = "run `qa-service rebuild`"


@dataclass(frozen=True, slots=True)
class Base:
    """The opened base indexes of a generation; `keys` are those of its passages, in increasing order."""

    entry: BaseEntry
    windows: Leg
    sentences: Leg
    words: LexicalIndex
    keys: Keys

    @property
    def is_large(self) -> bool:
        """Whether sentences are too many to be searched one by one."""
        return self.entry.sentences is not None and self.entry.sentences.kind != dense.EXACT


@dataclass(frozen=True, slots=True)
class Change:
    """What a new base has instead of an old one's: `gone` keys of that, and passages added, in key order."""

    old: BaseEntry
    gone: Keys
    added: tuple[IndexEntry, ...]


def build(root: Path, name: str, seq: int, entries: Iterable[IndexEntry], segments: Segments, dim: int) -> BaseEntry:
    """Write base indexes of passages, given in key order, durably into `root/name`, which appears only when complete.

    Errors:
        Damaged: a passage's vectors fail their checksum.
    """

    def write(directory: Path) -> tuple[Places, LegEntry, LegEntry, int]:
        collector = PlacesCollector()
        passages = collector.over(_verified(entries, segments))
        lexical.build(directory / "words", ((entry.key, entry.terms) for entry in passages))
        places = collector.places()
        legs = [dense.build_leg(directory, source) for source in Source.both(places, segments, dim)]
        return places, legs[0], legs[1], 0

    return _written(root, name, seq, write, {})


def extend(root: Path, name: str, seq: int, change: Change, segments: Segments, dim: int) -> BaseEntry:
    """Write base indexes as `build` does, out of those of an older base and what changed since.

    Errors:
        Damaged: an added passage's vectors fail their checksum, or the old base cannot be read.
        NotExtensible: the base has to be built of all passages.
    """
    old_root = root / change.old.directory

    def write(directory: Path) -> tuple[Places, LegEntry, LegEntry, int]:
        old = Places.load(old_root)
        gone = old.rows_of(change.gone)
        kept = old.without(gone)
        collector = PlacesCollector()
        added = list(collector.over(_verified(change.added, segments)))
        places = kept.followed_by(collector.places())
        lingering = change.old.lingering + len(gone)
        if lingering > MOST_LINGERING * len(places) or (added and added[0].key <= old.keys[-1]):
            raise NotExtensible
        lexical.extend(
            directory / "words", old_root / "words", old.keys[gone], ((entry.key, entry.terms) for entry in added)
        )
        rows = _renumbered(len(old), gone)
        numbers = _renumbered(old.sentences, old.sentences_of(gone))
        legs = []
        for source, entry, renumbered in zip(
            Source.both(places, segments, dim), (change.old.windows, change.old.sentences), (rows, numbers), strict=True
        ):
            former = Former(old_root, entry, renumbered) if entry is not None else None
            legs.append(dense.build_leg(directory, source, former))
        return places, legs[0], legs[1], lingering

    return _written(root, name, seq, write, {file.name: file for file in change.old.files})


class NotExtensible(Exception):
    """A base has to be built of all passages: its words hold too many that are gone, or its keys are not the lowest."""


def is_worth_extending(entry: BaseEntry | None, added: int) -> bool:
    """Tell whether it takes less to extend a base by so many passages than to build one."""
    legs = (entry.windows, entry.sentences) if entry is not None else ()
    return entry is not None and added < entry.passages and any(leg and leg.kind == dense.IVF for leg in legs)


def load(root: Path, entry: BaseEntry, segments: Segments, dim: int) -> Base:
    """Open base indexes after checking that their files are there in full size.

    Errors:
        Damaged: a file is missing, has another size or cannot be read.
    """
    directory = root / entry.directory
    for file in entry.files:
        path = directory / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise Damaged("an index file is missing or has the wrong size", field=str(path), remedy=_REMEDY)
    places = Places.load(directory) if entry.windows is not None else Places.none()
    windows, sentences = (
        dense.open_leg(directory, source, leg)
        for source, leg in zip(Source.both(places, segments, dim), (entry.windows, entry.sentences), strict=True)
    )
    keys = places.keys
    if entry.windows is None and isinstance(windows, ExactLeg):
        keys = np.sort(windows.index.ids())
    return Base(entry, windows, sentences, LexicalIndex(directory / "words"), keys)


def measure(root: Path, entry: BaseEntry, segments: Segments, dim: int, queries: int) -> tuple[LegEntry, LegEntry]:
    """Measure the recall of both legs of a base; see `recall`."""
    directory = root / entry.directory
    if entry.windows is None or entry.sentences is None:
        exact = LegEntry(dense.EXACT, entry.passages)
        return exact, exact
    windows, sentences = Source.both(Places.load(directory), segments, dim)
    return (
        dense.measured(directory, windows, entry.windows, queries),
        dense.measured(directory, sentences, entry.sentences, queries),
    )


def verify(root: Path, entry: BaseEntry) -> list[str]:
    """Compare every file with its checksum; return the names of those that differ or are missing."""
    wrong = []
    for file in entry.files:
        path = root / entry.directory / file.name
        if not path.is_file() or _digest(path) != file.sha256:
            wrong.append(f"{entry.directory}/{file.name}")
    return wrong


def _verified(entries: Iterable[IndexEntry], segments: Segments) -> Iterator[IndexEntry]:
    for entry in entries:
        segments.verify(entry.block)
        yield entry


def _renumbered(count: int, gone: Rows) -> NDArray[np.int64]:
    """Number what stays of 0..count-1 anew; -1 for what goes."""
    stays = np.ones(count, dtype=bool)
    stays[gone] = False
    numbers = np.cumsum(stays) - 1
    numbers[gone] = -1
    return numbers


def _written(
    root: Path,
    name: str,
    seq: int,
    write: Callable[[Path], tuple[Places, LegEntry, LegEntry, int]],
    old: Mapping[str, FileEntry],
) -> BaseEntry:
    """Write a base under another name, make it durable and give it its name."""
    temporary = root / f"{name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        places, windows, sentences, lingering = write(temporary)
        places.save(temporary)
        files = tuple(_seal(path, temporary, old) for path in sorted(temporary.rglob("*")) if path.is_file())
        for directory in (temporary / "words", temporary):
            fsync_directory(directory)
        shutil.rmtree(root / name, ignore_errors=True)
        temporary.rename(root / name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_directory(root)
    return BaseEntry(name, seq, len(places), files, windows, sentences, lingering)


def _seal(path: Path, root: Path, old: Mapping[str, FileEntry]) -> FileEntry:
    name, stat = str(path.relative_to(root)), path.stat()
    if stat.st_nlink > 1 and name in old:
        # A link to a file of the old base, whose checksum is known.
        return old[name]
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return FileEntry(name, stat.st_size, _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
