"""Files of the service that were damaged, as fuzzing found them: refused, with a name for what is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import targets_files
from targets import REFUSED, TAKEN, all_targets

from embeddings import manifest
from embeddings.errors import DamagedIndex, DamagedModel
from embeddings.ivf_file import IvfPaths
from embeddings.ivf_index import Effort, IvfIndex
from qa_service.errors import Damaged
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.lexical import LexicalIndex, _reading
from qa_service.index.manifest import DELTA_MAGIC, FileEntry
from qa_service.index.places import Places
from qa_service.readers.formats import read_csv

TARGETS = all_targets()


def seed(name: str) -> bytes:
    return next(iter(TARGETS[name].seeds()))


def write_manifest(folder: Path, raw: object) -> GenerationDir:
    data = json.dumps(raw).encode()
    (folder / "manifest-3-2-1.json").write_bytes(data)
    (folder / "CURRENT").write_text(f"manifest-3-2-1.json {hashlib.sha256(data).hexdigest()}\n")
    return GenerationDir(folder)


@pytest.mark.parametrize("lost", ["base", "collection", "created_at", "versions", "delta", "seq"])
def test_a_manifest_that_lacks_something(tmp_path: Path, lost: str) -> None:
    raw = json.loads(seed("manifest"))
    assert write_manifest(tmp_path, raw).read() is not None
    del raw[lost]
    with pytest.raises(Damaged, match="manifest"):
        write_manifest(tmp_path, raw).read()


@pytest.mark.parametrize(("part", "name"), [("versions", "fold"), ("base", "seq"), ("delta", "bytes")])
def test_a_manifest_with_a_misspelt_name(tmp_path: Path, part: str, name: str) -> None:
    raw = json.loads(seed("manifest"))
    raw[part]["misspelt"] = raw[part].pop(name)
    with pytest.raises(Damaged, match="manifest"):
        write_manifest(tmp_path, raw).read()


@pytest.mark.parametrize("raw", [[], "x", None, 5])
def test_a_manifest_that_is_no_object(tmp_path: Path, raw: object) -> None:
    with pytest.raises(Damaged, match="manifest"):
        write_manifest(tmp_path, raw).read()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        DELTA_MAGIC,
        DELTA_MAGIC + bytes(9),
        DELTA_MAGIC + np.array([5, 0, 1], "<i8").tobytes(),
        DELTA_MAGIC + np.array([-1, 2, 1], "<i8").tobytes(),
        DELTA_MAGIC + np.array([1, 0, 1], "<i8").tobytes() + b"\0",
        b"QADELTA9" + np.array([1, 0, 1], "<i8").tobytes(),
    ],
)
def test_a_delta_whose_counts_are_wrong(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "delta").write_bytes(data)
    entry = FileEntry("delta", len(data), hashlib.sha256(data).hexdigest())
    with pytest.raises(Damaged, match="delta"):
        GenerationDir(tmp_path).read_delta(entry)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"PK\x03\x04", b"\x93NUMPY\x01\x00\x05\x00{'a':"])
def test_places_that_numpy_cannot_read(tmp_path: Path, data: bytes) -> None:
    keys = np.arange(3, dtype=np.int64)
    Places(keys, np.ones(3, np.int32), keys, np.arange(4, dtype=np.int64)).save(tmp_path)
    assert len(Places.load(tmp_path)) == 3
    (tmp_path / "places-slots.npy").write_bytes(data)
    with pytest.raises(Damaged, match="places"):
        Places.load(tmp_path)


def test_a_list_that_holds_what_is_no_id(tmp_path: Path) -> None:
    data = seed("ivf")
    size = int.from_bytes(data[:4], "little")
    paths = IvfPaths(tmp_path, "v")
    paths.trained.write_bytes(data[4 : 4 + size])
    lists = bytearray(data[4 + size :])
    vectors = targets_files._VECTORS
    paths.lists.write_bytes(lists)
    index = IvfIndex(paths, lambda ids: vectors[ids], Effort(4, 60))
    assert len(set(index.search(vectors[:1], 60)[1][0].tolist())) == 60
    lists[-2] = 1  # in the last id of the last list
    (tmp_path / "w.ivf").write_bytes(paths.trained.read_bytes())
    other = IvfPaths(tmp_path, "w")
    other.lists.write_bytes(lists)
    with pytest.raises(DamagedIndex, match="id"):
        IvfIndex(other, lambda ids: vectors[ids], Effort(4, 60)).search(vectors[:1], 60)


def test_a_vector_index_whose_parts_disagree() -> None:
    data = seed("faiss")
    inner = data.index(b"IxFI")
    dim = (inner + 4, inner + 8)
    wrong = data[: dim[0]] + (2 * targets_files.DIM).to_bytes(4, "little") + data[dim[1] :]
    assert TARGETS["faiss"].check(data) == TAKEN
    assert TARGETS["faiss"].check(wrong) == REFUSED


def test_a_word_index_with_a_damaged_file(tmp_path: Path) -> None:
    good, names = targets_files._words()
    for name in names:
        content = (good / name).read_bytes()
        for place in range(0, len(content), max(1, len(content) // 8)):
            for old in tmp_path.iterdir():
                old.unlink()
            for other in names:
                (tmp_path / other).write_bytes((good / other).read_bytes())
            (tmp_path / name).write_bytes(content[:place] + b"\xff\xff\xff\xff" + content[place + 4 :])
            try:
                LexicalIndex(tmp_path).search([3, 7], 10)
            except Damaged as error:
                assert "\n" not in str(error)


def test_a_panic_is_damage_and_an_interrupt_is_none(tmp_path: Path) -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(Damaged, match="broken"), _reading(tmp_path):
        raise panic("broken\nhere")
    with pytest.raises(KeyboardInterrupt), _reading(tmp_path):
        raise KeyboardInterrupt


@pytest.mark.parametrize("rows", ["", "text\n", "text\n文\n"])
def test_a_csv_file_cut_inside_a_character(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(rows.encode("utf-16") + b"\x0a")
    found = list(read_csv(path))
    assert found[-1].rejection is not None
    assert "utf-16" in found[-1].rejection
    assert dataclasses.is_dataclass(found[-1])


def test_a_header_of_several_lines_is_named_in_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('"a\nforged line",b\n1,2\n')
    [row] = read_csv(path)
    assert row.rejection is not None
    assert "it has a forged line, b" in row.rejection
    assert "\n" not in row.rejection


@pytest.mark.parametrize("name", ["a\0b", "a\nforged line"])
def test_a_model_manifest_that_names_what_cannot_be_a_file(tmp_path: Path, name: str) -> None:
    files = {name: manifest.FileRecord(1, "0" * 64)}
    with pytest.raises(DamagedModel, match=r"names 'a.*, which is no file") as raised:
        manifest.check_files(tmp_path, manifest.Manifest(1, "m", "s", "l", files), full=False)
    assert "\n" not in str(raised.value)
