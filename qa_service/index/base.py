"""Base indexes: immutable directories with the window, sentence and word indexes of every passage live at one seq."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.faiss_index import FaissFlatIndex
from embeddings.index import VectorIndex
from qa_service.errors import Damaged
from qa_service.index.lexical import LexicalIndex
from qa_service.index.lexical import build as build_lexical
from qa_service.index.manifest import BaseEntry, FileEntry
from qa_service.store.entries import IndexEntry
from qa_service.store.segments import Segments, fsync_directory

SENTENCE_BITS = 10
"""A sentence's id in an index is `key << 10 | number`: a passage has at most 1,024 sentences."""

_BATCH = 1000
_REMEDY = "run `qa-service rebuild`"


@dataclass(frozen=True, slots=True)
class Base:
    """The opened base indexes of a generation."""

    entry: BaseEntry
    windows: VectorIndex
    sentences: VectorIndex
    words: LexicalIndex


def sentence_ids(key: int, sentences: int) -> NDArray[np.int64]:
    """Number the sentences of a passage for the sentence index."""
    return (key << SENTENCE_BITS) + np.arange(sentences, dtype=np.int64)


def vectors_of(
    entries: Iterable[IndexEntry], segments: Segments
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]]:
    """Read the vectors of passages in batches: window ids and vectors, sentence ids and vectors."""
    iterator = iter(entries)
    while batch := list(itertools.islice(iterator, _BATCH)):
        blocks = [segments.read(entry.block) for entry in batch]
        yield (
            np.array([entry.key for entry in batch], dtype=np.int64),
            np.stack([block[0] for block in blocks]),
            np.concatenate([sentence_ids(entry.key, entry.block.vectors - 1) for entry in batch]),
            np.concatenate([block[1:] for block in blocks]),
        )


def build(root: Path, name: str, seq: int, entries: list[IndexEntry], segments: Segments, dim: int) -> BaseEntry:
    """Write base indexes of the given passages durably into `root/name`, which appears only when complete."""
    temporary = root / f"{name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    windows, sentences = FaissFlatIndex(dim), FaissFlatIndex(dim)
    for window_ids, window_vectors, ids, vectors in vectors_of(entries, segments):
        windows.add(window_ids, window_vectors)
        sentences.add(ids, vectors)
    windows.save(temporary / "windows.faiss")
    sentences.save(temporary / "sentences.faiss")
    build_lexical(temporary / "words", ((entry.key, entry.terms) for entry in entries))
    files = tuple(_seal(path, temporary) for path in sorted(temporary.rglob("*")) if path.is_file())
    for directory in (temporary / "words", temporary):
        fsync_directory(directory)
    shutil.rmtree(root / name, ignore_errors=True)
    temporary.rename(root / name)
    fsync_directory(root)
    return BaseEntry(name, seq, len(entries), files)


def load(root: Path, entry: BaseEntry) -> Base:
    """Open base indexes after checking that their files are there in full size.

    Errors:
        Damaged: a file is missing, has another size or cannot be read.
    """
    directory = root / entry.directory
    for file in entry.files:
        path = directory / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise Damaged("an index file is missing or has the wrong size", field=str(path), remedy=_REMEDY)
    try:
        windows = FaissFlatIndex.load(directory / "windows.faiss")
        sentences = FaissFlatIndex.load(directory / "sentences.faiss")
    except Exception as error:
        raise Damaged(f"a vector index cannot be read: {error}", field=str(directory), remedy=_REMEDY) from error
    return Base(entry, windows, sentences, LexicalIndex(directory / "words"))


def verify(root: Path, entry: BaseEntry) -> list[str]:
    """Compare every file with its checksum; return the names of those that differ or are missing."""
    wrong = []
    for file in entry.files:
        path = root / entry.directory / file.name
        if not path.is_file() or _digest(path) != file.sha256:
            wrong.append(f"{entry.directory}/{file.name}")
    return wrong


def _seal(path: Path, root: Path) -> FileEntry:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return FileEntry(str(path.relative_to(root)), path.stat().st_size, _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
