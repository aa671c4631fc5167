"""Backups are of one moment, whatever goes on meanwhile, and a restore gives back exactly that."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.backup.archive import Contents
from qa_service.backup.making import Made, make
from qa_service.backup.reading import verify
from qa_service.backup.restoring import restore
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged, Incompatible, Unavailable
from qa_service.store import directory_use, files, schema
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.types import Ask
from tests.conftest import add


def text(number: int) -> str:
    return f"第{number}号仓库在{number % 7}区。第{number}号仓库的负责人编号是{number * 13}。"


def question(number: int) -> str:
    return f"第{number}号仓库的负责人编号是多少?"


def silent(_done: int, _total: int) -> None:
    """Take no notice of progress."""


@contextmanager
def opened(settings: Settings, encoder: ToyEncoder | None = None) -> Iterator[Engine]:
    engine = Engine.open(settings, encoder or ToyEncoder())
    try:
        yield engine
    finally:
        engine.close()


def back_up(settings: Settings, file: Path, *, indexes: bool = False) -> Made:
    return make(settings.data_dir, file, indexes=indexes, advance=silent)


def put_back(file: Path, data_dir: Path, *, replace: bool = False, keep_keys: bool = False) -> Contents:
    return restore(file, data_dir, replace=replace, keep_keys=keep_keys, advance=silent)


def at(settings: Settings, data_dir: Path) -> Settings:
    return settings.model_copy(update={"data_dir": data_dir})


def texts(engine: Engine, collection: str = "default") -> dict[str, str]:
    return {row.id: engine.article(collection, row.id).text for row in engine.articles(collection, 200).articles}


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """A closed data directory of ten articles in two collections, one of them replaced and one deleted."""
    with opened(settings) as engine:
        add(engine, {f"a{n}": text(n) for n in range(8)})
        add(engine, {"a1": text(21), "gone": text(9)})
        engine.delete_article("default", "gone")
        add(engine, {"b1": text(50), "b2": text(51)}, "other")
    return settings


@pytest.mark.parametrize("indexes", [False, True])
def test_what_was_backed_up_is_restored_without_encoding(filled: Settings, tmp_path: Path, indexes: bool) -> None:
    with opened(filled) as engine:
        if indexes:
            engine.rebuild()
        before, answer = texts(engine), engine.ask(Ask(question(3)))
        made = back_up(filled, tmp_path / "b.tar", indexes=indexes)
    assert made.warnings == ()
    assert made.bytes == (tmp_path / "b.tar").stat().st_size
    assert verify(tmp_path / "b.tar", silent) == made.contents
    assert made.contents.articles == 10
    elsewhere = at(filled, tmp_path / "elsewhere")
    assert put_back(tmp_path / "b.tar", elsewhere.data_dir) == made.contents
    encoder = ToyEncoder()
    with opened(elsewhere, encoder) as engine:
        assert texts(engine) == before
        assert set(texts(engine, "other")) == {"b1", "b2"}
        again = engine.ask(Ask(question(3)))
        assert [p.text for p in again.passages] == [p.text for p in answer.passages]
        assert again.confidence == pytest.approx(answer.confidence)
        if indexes:
            assert again.generation == answer.generation
        assert engine.check() == []
        add(engine, {"new": text(70)})
        assert engine.ask(Ask(question(70))).passages[0].article_id == "new"
    assert encoder.passages_encoded == 3  # the new passage and its two sentences
    assert not (elsewhere.data_dir / ".restore").exists()


def test_a_backup_is_of_one_moment_while_articles_come_and_go(filled: Settings, tmp_path: Path) -> None:
    with opened(filled) as engine:
        before = texts(engine)
        calls = []

        def meddle(done: int, _total: int) -> None:
            # Between the first pages and the last segment: adds, replaces, deletes, and removes superseded files.
            calls.append(done)
            if len(calls) in (1, 2):
                add(engine, {f"late{len(calls)}": text(80), "a2": text(90 + len(calls))})
                engine.delete_article("default", f"a{2 + len(calls)}")
                engine.rebuild()

        made = make(filled.data_dir, tmp_path / "b.tar", indexes=True, advance=meddle)
        assert len(calls) > 2
        assert "late1" in texts(engine)
        assert engine.check() == []
    assert made.warnings == ()
    put_back(tmp_path / "b.tar", tmp_path / "elsewhere")
    with opened(at(filled, tmp_path / "elsewhere")) as engine:
        assert texts(engine) == before
        assert engine.check() == []
        assert engine.ask(Ask(question(3))).passages[0].article_id == "a3"


def test_what_a_segment_has_past_its_committed_length_is_left_out(filled: Settings, tmp_path: Path) -> None:
    segment = filled.data_dir / "vectors" / "segment-000001.vec"
    committed = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(b"garbage of a crash")
    made = back_up(filled, tmp_path / "b.tar")
    assert {m.name: m.bytes for m in made.contents.members}["vectors/segment-000001.vec"] == committed


def test_lost_vectors_are_told_and_the_texts_saved(filled: Settings, tmp_path: Path) -> None:
    segment = filled.data_dir / "vectors" / "segment-000001.vec"
    os.truncate(segment, 1000)
    assert "segment-000001.vec is too short" in back_up(filled, tmp_path / "b.tar").warnings[0]
    segment.unlink()
    assert "segment-000001.vec is missing" in back_up(filled, tmp_path / "b.tar").warnings[0]
    put_back(tmp_path / "b.tar", tmp_path / "elsewhere")
    engine = Engine.open(at(filled, tmp_path / "elsewhere"), ToyEncoder(), recover=False)
    engine.rebuild()
    assert engine.ask(Ask(question(3))).passages[0].article_id == "a3"
    engine.close()


def test_an_unreadable_index_is_left_out(filled: Settings, tmp_path: Path) -> None:
    (filled.data_dir / "indexes" / "000001" / "CURRENT").write_text("nonsense", encoding="ascii")
    made = back_up(filled, tmp_path / "b.tar", indexes=True)
    assert "index of collection default is left out" in made.warnings[0]
    assert [m.name for m in made.contents.members if m.name.endswith("CURRENT")] == ["indexes/000002/CURRENT"]


def test_an_older_backup_stays_until_the_new_one_is_whole(filled: Settings, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    first = back_up(filled, file)

    def fail(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        make(filled.data_dir, file, indexes=False, advance=fail)
    assert verify(file, silent) == first.contents
    with opened(filled) as engine:
        add(engine, {"more": text(60)})
    second = back_up(filled, file)
    assert verify(file, silent) == second.contents
    assert second.contents.articles == first.contents.articles + 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_remains_of_a_backup_that_died_are_no_hindrance(filled: Settings, tmp_path: Path) -> None:
    for name in (".b.tar.partial", ".b.tar.catalogue"):
        (tmp_path / name).write_bytes(b"x" * 1_000_000)
    back_up(filled, tmp_path / "b.tar")
    verify(tmp_path / "b.tar", silent)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_may_read_any_of_it_while_it_is_made(filled: Settings, tmp_path: Path) -> None:
    """The umask is the usual one; the draft is one that was left with other permissions."""
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / ".b.tar.partial").touch(0o644)
    seen: dict[str, set[int]] = {}

    def look(_done: int, _total: int) -> None:
        for path in (tmp_path / "to").iterdir():
            seen.setdefault(path.name, set()).add(permissions(path))

    before = os.umask(0o022)
    try:
        make(filled.data_dir, tmp_path / "to" / "b.tar", indexes=True, advance=look)
    finally:
        os.umask(before)
    assert seen == {".b.tar.partial": {0o600}, ".b.tar.catalogue": {0o600}}
    assert permissions(tmp_path / "to" / "b.tar") == 0o600


@pytest.mark.parametrize("plant", ["a link", "another name", "a pipe", "somebody else's"])
def test_what_somebody_put_where_a_backup_is_written_is_left_alone(
    filled: Settings, tmp_path: Path, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, draft = tmp_path / "victim", tmp_path / ".b.tar.partial"
    victim.write_text("precious", encoding="utf-8")
    if plant == "a link":
        draft.symlink_to(victim)
    elif plant == "another name":
        draft.hardlink_to(victim)
    elif plant == "a pipe":
        os.mkfifo(draft)
    else:
        draft.write_text("precious", encoding="utf-8")
        user = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(BadInput, match=r"\.b\.tar\.partial: .*somebody else has put something there"):
        back_up(filled, tmp_path / "b.tar")
    assert victim.read_text(encoding="utf-8") == "precious"
    assert os.path.lexists(draft)
    assert not (tmp_path / "b.tar").exists()


def test_a_data_directory_that_the_service_makes_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(0o755)
    before = os.umask(0o022)
    try:
        for name in ("new/data", "there"):
            SqliteCatalog(tmp_path / name).close()
    finally:
        os.umask(before)
    assert [permissions(tmp_path / name) for name in ("new", "new/data", "there")] == [0o755, 0o700, 0o755]


def test_a_restore_into_a_new_directory_is_there_after_a_power_cut(filled: Settings, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.tar")
    steps: list[tuple[str, Path]] = []
    files.watchers.append(lambda step: steps.append((step.action, step.path)))
    try:
        put_back(tmp_path / "b.tar", tmp_path / "srv" / "new")
    finally:
        files.watchers.clear()
    assert permissions(tmp_path / "srv" / "new") == 0o700
    for made in (tmp_path / "srv", tmp_path / "srv" / "new"):
        assert steps.index(("synced directory", made.parent), steps.index(("made directory", made)))


def test_two_backups_into_one_file(filled: Settings, tmp_path: Path) -> None:
    errors = []

    def second(_done: int, _total: int) -> None:
        if not errors:
            with pytest.raises(Unavailable, match="another backup into this file") as found:
                back_up(filled, tmp_path / "b.tar")
            errors.append(found.value)

    make(filled.data_dir, tmp_path / "b.tar", indexes=False, advance=second)
    assert errors
    verify(tmp_path / "b.tar", silent)


def test_a_backup_is_its_owners_alone(filled: Settings, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


def test_nothing_else_is_overwritten(filled: Settings, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes " * 100, encoding="utf-8")
    (tmp_path / "link.tar").symlink_to(notes)
    for target in (notes, tmp_path / "link.tar", tmp_path, Path("/dev/null")):
        with pytest.raises(BadInput, match="something else than a backup"):
            back_up(filled, target)
    assert notes.read_text(encoding="utf-8").startswith("my notes")
    with pytest.raises(BadInput, match="no such directory"):
        back_up(filled, tmp_path / "absent" / "b.tar")


def test_there_must_be_something_to_back_up(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to back up"):
        back_up(settings, tmp_path / "b.tar")
    assert not settings.data_dir.exists()


def test_a_damaged_catalogue_does_not_replace_a_good_backup(filled: Settings, tmp_path: Path) -> None:
    first = back_up(filled, tmp_path / "b.tar")
    catalogue = filled.data_dir / "catalog.sqlite3"
    data = bytearray(catalogue.read_bytes())
    for page in range(5 * 4096, len(data), 4096):
        data[page : page + 64] = b"\xff" * 64
    catalogue.write_bytes(data)
    with pytest.raises(Damaged, match="catalogue"):
        back_up(filled, tmp_path / "b.tar")
    assert verify(tmp_path / "b.tar", silent) == first.contents


def test_no_restore_into_a_directory_in_use(filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_use, "WAIT_S", 0.1)
    back_up(filled, tmp_path / "b.tar")
    with opened(filled) as engine:
        add(engine, {"since": text(40)})
        with pytest.raises(Unavailable, match="uses this data directory"):
            put_back(tmp_path / "b.tar", filled.data_dir, replace=True)
        assert engine.ask(Ask(question(40))).passages[0].article_id == "since"
    put_back(tmp_path / "b.tar", filled.data_dir, replace=True)
    with opened(filled) as engine:
        assert "since" not in texts(engine)


def test_nobody_opens_a_directory_into_which_is_being_restored(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_use, "WAIT_S", 0.1)
    back_up(filled, tmp_path / "b.tar")
    refused = []

    def look(_done: int, _total: int) -> None:
        with pytest.raises(Unavailable, match="a restore into this data directory is under way") as error:
            Engine.open(filled, ToyEncoder())
        refused.append(error.value)

    restore(tmp_path / "b.tar", filled.data_dir, replace=True, keep_keys=False, advance=look)
    assert refused


def test_what_is_there_is_replaced_only_when_told_so(filled: Settings, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.tar")
    with opened(filled) as engine:
        add(engine, {"since": text(40)})
    (filled.data_dir / "notes.txt").write_text("not ours", encoding="utf-8")
    with pytest.raises(BadInput, match="not empty"):
        put_back(tmp_path / "b.tar", filled.data_dir)
    with opened(filled) as engine:
        assert "since" in texts(engine)
    (filled.data_dir / "calibration.json").write_text("of the new content", encoding="utf-8")
    put_back(tmp_path / "b.tar", filled.data_dir, replace=True)
    with opened(filled) as engine:
        assert "since" not in texts(engine)
        assert engine.check() == []
    # What belongs to the content goes with it, what does not stays.
    assert not (filled.data_dir / "calibration.json").exists()
    assert (filled.data_dir / "notes.txt").exists()


@pytest.mark.parametrize(
    ("saved", "there", "keep", "after"),
    [
        ("old", "new", False, "old"),
        ("old", "new", True, "new"),
        (None, "new", False, "new"),
        ("old", None, False, "old"),
        ("old", None, True, None),
    ],
)
def test_which_keys_are_valid_after_a_restore(
    filled: Settings, tmp_path: Path, saved: str | None, there: str | None, keep: bool, after: str | None
) -> None:
    keys = filled.data_dir / "keys.json"
    if saved is not None:
        keys.write_text(saved, encoding="utf-8")
    back_up(filled, tmp_path / "b.tar")
    keys.unlink(missing_ok=True)
    if there is not None:
        keys.write_text(there, encoding="utf-8")
    put_back(tmp_path / "b.tar", filled.data_dir, replace=True, keep_keys=keep)
    assert (keys.read_text(encoding="utf-8") if keys.exists() else None) == after
    if after == saved == "old":
        assert keys.stat().st_mode & 0o777 == 0o600


def test_no_room_is_told_before_anything_is_written(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled, tmp_path / "b.tar")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(Unavailable, match="1,000 free"):
        back_up(filled, tmp_path / "c.tar")
    with pytest.raises(Unavailable, match="1,000 free"):
        put_back(tmp_path / "b.tar", tmp_path / "elsewhere")
    assert not (tmp_path / "c.tar").exists()
    assert not (tmp_path / "elsewhere" / ".restore").exists()


def test_a_full_disk_leaves_what_was_there(filled: Settings, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.tar")

    def fail(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        restore(tmp_path / "b.tar", filled.data_dir, replace=True, keep_keys=False, advance=fail)
    assert not (filled.data_dir / ".restore").exists()
    with opened(filled) as engine:
        assert engine.check() == []
        assert "a3" in texts(engine)


def test_a_backup_of_a_newer_catalogue_is_refused(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled, tmp_path / "b.tar")
    monkeypatch.setattr("qa_service.backup.restoring.newest_schema", lambda: schema.newest_schema() - 1)
    with pytest.raises(Incompatible, match="install that version"):
        put_back(tmp_path / "b.tar", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
