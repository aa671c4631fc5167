"""Base indexes: immutable directories with the window, sentence and word indexes of every passage live at one seq."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.index import dense, lexical
from qa_service.index.dense import Former, Source
from qa_service.index.legs import SENTENCE_BITS, ExactLeg, Leg
from qa_service.index.lexical import LexicalIndex
from qa_service.index.manifest import BaseEntry, FileEntry, LegEntry
from qa_service.index.places import Keys, Places, PlacesCollector, Rows
from qa_service.store import files
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments

MOST_LINGERING = 0.2
"""Share of a word index's passages that may be gone before it is built anew; only then are they physically gone."""
CHECKED_AT_ONCE = 16 << 20
"""Bytes of a base whose checksums are compared before it is opened, which takes some 10 ms; larger ones are opened and
verified in the background."""
_REMEDY = "run `qa-service rebuild`"
_VERIFIED = 512
"""Blocks verified at a time."""


@dataclass(frozen=True, slots=True)
class Base:
    """The opened base indexes of a generation; `keys` are those of its passages, in increasing order.

    `places` is empty in format 2.
    """

    entry: BaseEntry
    windows: Leg
    sentences: Leg
    words: LexicalIndex
    keys: Keys
    places: Places

    @property
    def is_large(self) -> bool:
        """Whether sentences are too many to be searched one by one."""
        return self.entry.sentences is not None and self.entry.sentences.kind != dense.EXACT

    def holdings(self) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
        """Give for each index its name, the ids that it holds, and those that it has to hold, in increasing order."""
        yield "words", self.words.keys(), self.keys
        if self.entry.windows is None:
            return
        places, numbers = self.places, np.arange(self.places.sentences, dtype=np.int64)
        rows = places.owners(numbers)
        sentences = (places.keys[rows] << SENTENCE_BITS) + numbers - places.starts[rows]
        for name, leg, ids in (("windows", self.windows, places.keys), ("sentences", self.sentences, sentences)):
            yield name, leg.ids(), ids if isinstance(leg, ExactLeg) else np.arange(len(ids), dtype=np.int64)


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
    """Open base indexes after checking that their files are there in full size, and of small ones the checksums.

    Errors:
        Damaged: a file is missing, has another size, is not what was written, or cannot be read.
    """
    directory = root / entry.directory
    for file in entry.files:
        path = directory / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise Damaged("an index file is missing or has the wrong size", field=str(path), remedy=_REMEDY)
    if sum(file.bytes for file in entry.files) <= CHECKED_AT_ONCE:
        check_sound(root, entry)
    places = Places.load(directory) if entry.windows is not None else Places.none()
    windows, sentences = (
        dense.open_leg(directory, source, leg)
        for source, leg in zip(Source.both(places, segments, dim), (entry.windows, entry.sentences), strict=True)
    )
    keys = places.keys
    if entry.windows is None and isinstance(windows, ExactLeg):
        keys = np.sort(windows.index.ids())
    return Base(entry, windows, sentences, LexicalIndex(directory / "words"), keys, places)


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


def verify(root: Path, entry: BaseEntry, digest: Callable[[Path], str] | None = None) -> list[str]:
    """Compare every file with its checksum; return the names of those that differ or are missing.

    Parameters:
        digest: gives a file's SHA-256 in hexadecimal; by default as fast as it can be read.
    """
    wrong = []
    for file in entry.files:
        path = root / entry.directory / file.name
        try:
            sound = path.stat().st_size == file.bytes and (digest or _digest)(path) == file.sha256
        except OSError:
            sound = False
        if not sound:
            wrong.append(f"{entry.directory}/{file.name}")
    return wrong


def check_sound(root: Path, entry: BaseEntry) -> None:
    """Compare every file with its checksum.

    Errors:
        Damaged: one differs or is missing.
    """
    for name in verify(root, entry):
        raise Damaged("an index file fails its checksum", field=str(root / name), remedy=_REMEDY)


def _verified(entries: Iterable[IndexEntry], segments: Segments) -> Iterator[IndexEntry]:
    left = iter(entries)
    while part := list(itertools.islice(left, _VERIFIED)):
        segments.verify_all([entry.block for entry in part])
        yield from part


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
    files.make_directory(temporary)
    try:
        places, windows, sentences, lingering = write(temporary)
        places.save(temporary)
        sealed = tuple(_seal(path, temporary, old) for path in sorted(temporary.rglob("*")) if path.is_file())
        for directory in (temporary / "words", temporary):
            files.sync_directory(directory)
        files.move(temporary, root / name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return BaseEntry(name, seq, len(places), sealed, windows, sentences, lingering)


def _seal(path: Path, root: Path, old: Mapping[str, FileEntry]) -> FileEntry:
    name, stat = str(path.relative_to(root)), path.stat()
    if stat.st_nlink > 1 and name in old:
        # A link to a file of the old base, whose checksum is known.
        files.adopt(path)
        return old[name]
    files.seal(path)
    return FileEntry(name, stat.st_size, _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
