"""Files that are no backup, or no longer one: a clear error each, and nothing is touched."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from qa_service.backup.archive import END, KIND, MOST_MANIFEST_BYTES, header
from qa_service.backup.reading import verify
from qa_service.backup.restoring import restore
from qa_service.config import Settings
from qa_service.errors import BadInput, Damaged, Incompatible, QAError
from qa_service.store import catalog_file
from tests.unit.test_backup import add, back_up, opened, silent, text, texts

Files = list[tuple[str, bytes]]


@pytest.fixture
def good(settings: Settings, tmp_path: Path) -> Path:
    with opened(settings) as engine:
        add(engine, {f"a{n}": text(n) for n in range(4)})
    back_up(settings, tmp_path / "good.tar", indexes=True)
    return tmp_path / "good.tar"


def unpacked(good: Path) -> Files:
    with tarfile.open(good, "r:") as tar:
        return [(info.name, tar.extractfile(info).read()) for info in tar]


def manifest_of(files: Files) -> dict[str, object]:
    found = json.loads(files[0][1])
    assert isinstance(found, dict)
    return found


def sealed(body: dict[str, object]) -> bytes:
    """Give a manifest a right checksum, whatever else it says."""
    body = {key: value for key, value in body.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps({**body, "sha256": digest}).encode()


def packed(path: Path, files: Files, *, end: bytes = END) -> Path:
    """Write an archive whose headers and padding are right."""
    with path.open("wb") as file:
        for name, data in files:
            file.write(header(name, len(data), 0) + data + bytes(-len(data) % 512))
        file.write(end)
    return path


def described(files: Files) -> Files:
    """Have the manifest name the other files with their right sizes and checksums."""
    body = manifest_of(files)
    body["members"] = [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files[1:]
    ]
    return [("manifest.json", sealed(body)), *files[1:]]


def with_file(name: str) -> Callable[[Files], Files]:
    return lambda files: described([*files, (name, b"x")])


def with_body(**changes: object) -> Callable[[Files], Files]:
    return lambda files: [("manifest.json", sealed({**manifest_of(files), **changes})), *files[1:]]


NAMES = [
    "../evil",
    "/etc/passwd",
    "vectors/../../evil",
    "vectors/segment-000001.vec/x",
    "vectors/segment-1.vec",
    "vectors/./segment-000009.vec",
    "catalog.sqlite3-wal",
    "writer.lock",
    "indexes/000001/../000002/CURRENT",
    "indexes/000001/base-1-2026T1/..",
    "indexes/000001/base-1-2026T1/words/../../x",
    "indexes/000001/base-1-2026T1/a/b",
    "indexes/000001/base-1-2026T1/a\nb",
    "indexes/٣٣٣٣٣٣/CURRENT",
    "C:\\evil",
    "keys.json ",
    "evil",
]


@pytest.mark.parametrize("name", NAMES)
def test_only_the_names_of_a_backup_are_taken(good: Path, tmp_path: Path, name: str) -> None:
    bad = packed(tmp_path / "bad.tar", with_file(name)(unpacked(good)))
    _refused(bad, tmp_path, BadInput, "this is not a backup: it holds")


CHANGED: dict[str, tuple[Callable[[Files], Files], type[QAError], str]] = {
    "a name twice": (lambda files: described([*files, files[1]]), BadInput, "twice"),
    "no catalogue": (lambda files: described([files[0], *files[2:]]), BadInput, "holds no catalog"),
    "another order": (
        lambda files: [files[0], files[2], files[1], *files[3:]],
        BadInput,
        "stands where catalog.sqlite3 should",
    ),
    "another kind": (with_body(kind="something"), BadInput, "of something else"),
    "a newer format": (with_body(format=2), Incompatible, "format 2.*install the version"),
    "a newer format of which nothing else is known": (
        lambda files: [("manifest.json", json.dumps({"kind": KIND, "format": 9}).encode())],
        Incompatible,
        "format 9",
    ),
    "format 0": (with_body(format=0), BadInput, "malformed"),
    "a boolean format": (with_body(format=True), BadInput, "malformed"),
    "a negative size": (
        with_body(members=[{"name": "catalog.sqlite3", "bytes": -1, "sha256": "0" * 64}]),
        BadInput,
        "negative",
    ),
    "a huge size": (
        with_body(members=[{"name": "catalog.sqlite3", "bytes": 10**18, "sha256": "0" * 64}]),
        Damaged,
        "cut short: .* instead of 1,000,000,000",
    ),
    "members of another type": (with_body(members={"a": 1}), BadInput, "malformed"),
    "a number for a name": (with_body(members=[{"name": 1, "bytes": 1, "sha256": "0" * 64}]), BadInput, "malformed"),
    "an unknown field": (with_body(more=1), BadInput, "malformed"),
    "a checksum that is none": (
        with_body(members=[{"name": "catalog.sqlite3", "bytes": 1, "sha256": "xyz"}]),
        BadInput,
        "malformed",
    ),
    "no object": (lambda files: [("manifest.json", b"[]"), *files[1:]], BadInput, "of something else"),
    "deep nesting": (lambda files: [("manifest.json", b"[" * 100_000), *files[1:]], Damaged, "nested too deeply"),
    "a huge number": (lambda files: [("manifest.json", b"1" * 100_000), *files[1:]], Damaged, "manifest"),
    "a changed manifest": (
        lambda files: [("manifest.json", files[0][1].replace(b'"seq": ', b'"seq": 1')), *files[1:]],
        Damaged,
        "fails its checksum",
    ),
    "a changed file": (
        lambda files: [*files[:2], (files[2][0], bytes(len(files[2][1]))), *files[3:]],
        Damaged,
        "fails its checksum",
    ),
    "another file first": (lambda files: [files[1], *files], BadInput, "starts with 'catalog.sqlite3'"),
    "a catalogue of another backup": (with_body(seq=1_000_000), Damaged, "not the one its manifest describes"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_archive(good: Path, tmp_path: Path, name: str) -> None:
    change, kind, message = CHANGED[name]
    _refused(packed(tmp_path / "bad.tar", change(unpacked(good))), tmp_path, kind, message)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER UPDATE ON meta BEGIN DELETE FROM articles; END",
        "CREATE TABLE more (x)",
        *(
            f"PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('trigger', '{name}', 'meta', 0,"
            f" 'CREATE TRIGGER {name} AFTER UPDATE ON meta BEGIN DELETE FROM articles; END')"
            for name in ("sqlite_evil", "sqlite_stat1")
        ),
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('view',"
        " 'sqlite_view', 'sqlite_view', 0, 'CREATE VIEW sqlite_view AS SELECT 1')",
    ],
)
def test_a_catalogue_with_other_tables_is_not_opened(good: Path, tmp_path: Path, statement: str) -> None:
    import sqlite3

    files = unpacked(good)
    path = tmp_path / "changed.sqlite3"
    path.write_bytes(files[1][1])
    connection = sqlite3.connect(path)
    connection.executescript(statement)
    connection.commit()
    connection.close()
    # As SQLite's backup leaves it: without a log.
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    files[1] = (files[1][0], path.read_bytes())
    _refused(packed(tmp_path / "bad.tar", described(files)), tmp_path, Damaged, "other tables")


def test_a_catalogue_that_is_none(good: Path, tmp_path: Path) -> None:
    files = unpacked(good)
    files[1] = (files[1][0], b"no database" * 1000)
    _refused(packed(tmp_path / "bad.tar", described(files)), tmp_path, Damaged, "catalogue cannot be read")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_the_like(good: Path, tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("catalog.sqlite3")
    info.type, info.linkname = kind, "/etc/passwd"
    data = good.read_bytes()
    place = 512 + -(-len(unpacked(good)[0][1]) // 512) * 512
    bad = tmp_path / "bad.tar"
    bad.write_bytes(data[:place] + info.tobuf(tarfile.USTAR_FORMAT) + data[place + 512 :])
    _refused(bad, tmp_path, BadInput, "not a regular file")


def test_an_archive_that_tar_made_of_the_same_files(good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar"
    with tarfile.open(bad, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in unpacked(good):
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(data), {"comment": "x" * 1000}
            tar.addfile(info, io.BytesIO(data))
    _refused(bad, tmp_path, BadInput, "not a regular file")


def test_a_manifest_as_large_as_can_be_claimed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar"
    bad.write_bytes(header("manifest.json", MOST_MANIFEST_BYTES + 1, 0))
    _refused(bad, tmp_path, BadInput, "its manifest has")
    bad.write_bytes(header("manifest.json", 1 << 60, 0))
    _refused(bad, tmp_path, BadInput, "its manifest has")
    bad.write_bytes(header("manifest.json", MOST_MANIFEST_BYTES, 0))
    _refused(bad, tmp_path, Damaged, "cut short")


@pytest.mark.parametrize(
    "data", [b"", b"x", b"text " * 500, b"\x1f\x8b" + bytes(600), bytes(2048), b"SQLite format 3\0" * 99]
)
def test_files_of_another_kind(tmp_path: Path, data: bytes) -> None:
    bad = tmp_path / "bad.tar"
    bad.write_bytes(data)
    _refused(bad, tmp_path, BadInput, "not a backup")


def test_no_file(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.tar", tmp_path, BadInput, "no such file")
    (tmp_path / "folder").mkdir()
    _refused(tmp_path / "folder", tmp_path, BadInput, "not a file")


def test_every_cut_is_noticed(good: Path, tmp_path: Path) -> None:
    data = good.read_bytes()
    bad = tmp_path / "bad.tar"
    cuts = random.Random(5).sample(range(1, len(data)), 60)
    for cut in [1, 511, 512, 513, 1024, len(data) - 1024, len(data) - 512, len(data) - 1, *cuts]:
        bad.write_bytes(data[:cut])
        with pytest.raises((Damaged, BadInput)):
            verify(bad, silent)
    for more in (b"\0", bytes(512), b"x"):
        bad.write_bytes(data + more)
        with pytest.raises(Damaged, match="behind its end"):
            verify(bad, silent)


def test_every_changed_bit_is_noticed(good: Path, tmp_path: Path) -> None:
    data = good.read_bytes()
    whole, bad = unpacked(good), tmp_path / "bad.tar"
    rng = random.Random(7)
    places = [
        *range(0, 1024, 5),
        *(rng.randrange(len(data)) for _ in range(300)),
        *range(len(data) - 1024, len(data), 50),
    ]
    unnoticed = 0
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << rng.randrange(8)
        bad.write_bytes(changed)
        try:
            verify(bad, silent)
        except (Damaged, BadInput, Incompatible):
            continue
        # A header has bytes of no meaning, such as the one behind its own checksum.
        assert unpacked(bad) == whole
        unnoticed += 1
    assert unnoticed < 5


def test_a_failed_restore_leaves_what_was_there(good: Path, settings: Settings, tmp_path: Path) -> None:
    with opened(settings) as engine:
        add(engine, {"since": text(40)})
        before = texts(engine)
    files = unpacked(good)
    last = files[-1]
    files[-1] = (last[0], bytes(len(last[1])))
    bad = packed(tmp_path / "bad.tar", files)
    with pytest.raises(Damaged, match=last[0]):
        restore(bad, settings.data_dir, replace=True, keep_keys=False, advance=silent)
    assert not (settings.data_dir / ".restore").exists()
    with opened(settings) as engine:
        assert texts(engine) == before
        assert engine.check() == []


def test_no_catalogue_is_read_whose_checksum_is_wrong(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(catalog_file, "unwritten", never)
    files = unpacked(good)
    files[1] = (files[1][0], bytes(len(files[1][1])))
    _refused(packed(tmp_path / "bad.tar", files), tmp_path, Damaged, "catalog.sqlite3: it fails its checksum")


def _refused(bad: Path, tmp_path: Path, kind: type[QAError], message: str) -> None:
    target = tmp_path / "restored"
    with pytest.raises(kind, match=message) as error:
        restore(bad, target, replace=False, keep_keys=False, advance=silent)
    assert str(error.value).startswith(str(bad))
    assert not target.exists() or {path.name for path in target.iterdir()} <= {"in-use.lock"}
    assert not (tmp_path / "evil").exists()


def test_a_catalogue_that_its_operator_has_analysed_is_one_of_ours(settings: Settings, tmp_path: Path) -> None:
    with opened(settings) as engine:
        add(engine, {"a": text(1)})
        with engine.catalog.writer_lock(), engine.catalog.write() as tx:
            tx.connection.execute("ANALYZE")
    back_up(settings, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "other", replace=False, keep_keys=False, advance=silent)
