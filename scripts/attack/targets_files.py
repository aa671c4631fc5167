"""Targets of the files of vectors and indexes: damage of any kind is refused, or can be worked with."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from targets import REFUSED, TAKEN, Target, promise

from embeddings import ivf_build
from embeddings.errors import DamagedIndex, DamagedModel
from embeddings.exact import ExactIndex
from embeddings.faiss_index import FaissFlatIndex
from embeddings.ivf_file import IvfPaths
from embeddings.ivf_index import Effort, IvfIndex
from qa_service.errors import Damaged, Incompatible
from qa_service.index import lexical
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.lexical import LexicalIndex
from qa_service.index.manifest import FORMAT, BaseEntry, Delta, FileEntry, LegEntry, Manifest, Versions
from qa_service.index.places import Places
from qa_service.store.packing import pack_terms
from qa_service.store.segment_files import MAGIC, SegmentFiles
from qa_service.store.segments import Block

DIM, COUNT, LISTS = 16, 60, 4
REFUSALS = (DamagedIndex, DamagedModel, Damaged, Incompatible)
_VECTORS = np.random.default_rng(5).standard_normal((COUNT, DIM)).astype(np.float32)
_VECTORS /= np.linalg.norm(_VECTORS, axis=1, keepdims=True)


@functools.cache
def folder(name: str) -> Path:
    """Give a target's folder, one for each process."""
    return Path(tempfile.mkdtemp(prefix=f"qa-fuzz-{name}-"))


def refusing(check: Callable[[bytes], object]) -> Callable[[bytes], str]:
    """Make a check of what raises one of the errors of damaged files, or works."""

    @functools.wraps(check)
    def checked(data: bytes) -> str:
        try:
            check(data)
        except REFUSALS as error:
            promise(str(error) and "\n" not in str(error), "a refusal is one line")
            return REFUSED
        return TAKEN

    return checked


def _saved(index: Any, name: str) -> Iterator[bytes]:
    path = folder("seed") / name
    index.add(np.arange(COUNT, dtype=np.int64) * 3, _VECTORS)
    index.save(path)
    yield path.read_bytes()


def _vector_index(kind: Any, name: str) -> Callable[[bytes], str]:
    @refusing
    def check(data: bytes) -> None:
        path = folder(name) / name
        path.write_bytes(data)
        index = kind.load(path, dim=DIM)
        index.ids()
        index.search(_VECTORS[:2], 5)
        index.search(_VECTORS[:1], 3, np.array([0, 3, 9], dtype=np.int64))

    return check


def _ivf_seeds() -> Iterator[bytes]:
    paths = IvfPaths(folder("ivf-seed"), "v")
    coarse = ivf_build.train(lambda ids: _VECTORS[ids], COUNT, DIM, LISTS)
    ivf_build.build(paths, lambda ids: _VECTORS[ids], COUNT, coarse)
    trained = paths.trained.read_bytes()
    yield len(trained).to_bytes(4, "little") + trained + paths.lists.read_bytes()


@refusing
def _ivf(data: bytes) -> None:
    paths = IvfPaths(folder("ivf"), "v")
    size = int.from_bytes(data[:4], "little")
    paths.trained.write_bytes(data[4 : 4 + size])
    # Another file each time: what is mapped may not shrink.
    paths.lists.unlink(missing_ok=True)
    paths.lists.write_bytes(data[4 + size :])
    index = IvfIndex(paths, lambda ids: _VECTORS[ids], Effort(2, 20))
    if index.dim != DIM:
        raise DamagedIndex("the caller compares the dimension")
    index.search(_VECTORS[:2], 5)
    index.search(_VECTORS[:1], 3, np.arange(0, COUNT, 2, dtype=np.int64))


_PLACES = ("keys", "segments", "slots", "starts")


def _places_seeds() -> Iterator[bytes]:
    keys = np.arange(10, dtype=np.int64) * 2
    places = Places(keys, np.ones(10, np.int32), keys * 3, np.arange(11, dtype=np.int64) * 4)
    places.save(folder("places"))
    for number, name in enumerate(_PLACES):
        yield bytes([number]) + (folder("places") / f"places-{name}.npy").read_bytes()


@refusing
def _places(data: bytes) -> None:
    home = folder("places-read")
    shutil.copytree(folder("places"), home, dirs_exist_ok=True)
    name = _PLACES[data[0] % 4] if data else "keys"
    (home / f"places-{name}.npy").unlink()
    (home / f"places-{name}.npy").write_bytes(data[1:])
    found = Places.load(home)
    rows = found.rows_of(np.array([0, 2, 5], dtype=np.int64))
    found.owners(np.arange(found.sentences if 0 <= found.sentences < 1000 else 0))
    found.sentences_of(rows)


def _manifest_seeds() -> Iterator[bytes]:
    leg = LegEntry("ivf-rabitq", 5, 2, 1, 9, 0.5, 5, 0.99, 3, 5, "2025-01-01T00:00:00+00:00")
    file = FileEntry("delta-3-2-1.bin", 40, "0" * 64)
    versions = Versions("e", "m", DIM, "", "", "x", "r", "f", "s", "t", "u", "p")
    base = BaseEntry("base-2", 2, 5, (file,), leg, leg, 1)
    whole = Manifest(FORMAT, 1, 3, "2025-01-01T00:00:00+00:00", versions, base, file)
    yield json.dumps(asdict(whole)).encode()


@refusing
def _manifest(data: bytes) -> None:
    home = folder("manifest")
    (home / "manifest-3-2-1.json").write_bytes(data)
    (home / "CURRENT").write_text(f"manifest-3-2-1.json {hashlib.sha256(data).hexdigest()}\n")
    directory = GenerationDir(home)
    found = directory.read()
    promise(found is not None, "there is a manifest")
    directory.obsolete()


def _current_seeds() -> Iterator[bytes]:
    data = next(_manifest_seeds())
    (folder("current") / "manifest-1-0-1.json").write_bytes(data)
    yield f"manifest-1-0-1.json {hashlib.sha256(data).hexdigest()}\n".encode()


@refusing
def _current(data: bytes) -> None:
    home = folder("current")
    (home / "CURRENT").write_bytes(data)
    GenerationDir(home).read()


def _delta_seeds() -> Iterator[bytes]:
    directory = GenerationDir(folder("delta-seed"))
    entry = directory.write_delta(Delta(np.arange(5, dtype=np.int64), np.arange(2, dtype=np.int64)), 3, 2)
    yield (directory.root / entry.name).read_bytes()


@refusing
def _delta(data: bytes) -> None:
    home = folder("delta")
    (home / "delta").write_bytes(data)
    found = GenerationDir(home).read_delta(FileEntry("delta", len(data), hashlib.sha256(data).hexdigest()))
    np.setdiff1d(found.added, found.dead, assume_unique=True)


def _segment_seeds() -> Iterator[bytes]:
    yield MAGIC + DIM.to_bytes(4, "little") + b"\0" * 52 + _VECTORS[:12].tobytes()


@refusing
def _segment(data: bytes) -> None:
    home = folder("segment")
    segments = SegmentFiles(SimpleNamespace(data_dir=home, root=home))  # type: ignore[arg-type]
    path = segments.path(1)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    block = Block(1, 3, 4, zlib.crc32(_VECTORS[3:7].tobytes()))
    segments.take(np.ones(2, np.int32), np.array([0, 5], dtype=np.int64))
    segments.verify(block)


@functools.cache
def _words() -> tuple[Path, Sequence[str]]:
    home = folder("words") / "good"
    terms = [np.arange(start, start + 6, dtype=np.uint32) for start in range(40)]
    lexical.build(home, ((key, pack_terms(dict.fromkeys(some.tolist(), 2))) for key, some in enumerate(terms)))
    return home, sorted(path.name for path in home.iterdir() if not path.name.endswith(".lock"))


def _words_seeds() -> Iterator[bytes]:
    yield b""
    for number in range(len(_words()[1])):
        yield bytes([number, 10, 0, 255, 255])


@refusing
def _word_index(data: bytes) -> None:
    """A file, a place in it, and what is written over it; nothing cuts it off there."""
    good, names = _words()
    # A new one each time: threads of the index before may not be done with theirs.
    home = Path(tempfile.mkdtemp(dir=folder("words")))
    try:
        shutil.copytree(good, home, dirs_exist_ok=True)
        _search_harmed(home, names, data)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _search_harmed(home: Path, names: Sequence[str], data: bytes) -> None:
    if len(data) >= 3:
        path = home / names[data[0] % len(names)]
        content = path.read_bytes()
        place = int.from_bytes(data[1:3], "little") % max(len(content), 1)
        path.write_bytes(content[:place] + data[3:] + (content[place + len(data) - 3 :] if data[3:] else b""))
    index = LexicalIndex(home)
    index.search([3, 7], 10)


TARGETS = (
    Target("faiss", lambda: _saved(FaissFlatIndex(DIM), "x.faiss"), _vector_index(FaissFlatIndex, "faiss")),
    Target("exact", lambda: _saved(ExactIndex(DIM), "x.npz"), _vector_index(ExactIndex, "exact")),
    Target("ivf", _ivf_seeds, _ivf),
    Target("places", _places_seeds, _places),
    Target("manifest", _manifest_seeds, _manifest, (b"null", b"[]", b"{}", b'""', b"1e9", b'"..\\/x"')),
    Target("current", _current_seeds, _current, (b"../", b"\0", b"manifest-1-0-1.json")),
    Target("delta", _delta_seeds, _delta),
    Target("segment", _segment_seeds, _segment),
    Target("word-index", _words_seeds, _word_index),
)
