"""Keys are restored like everything else: whoever reads or changes them waits for that, or settles what it left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.http.exposure import refuse_exposed
from qa_service.keys.key import Key, make_key
from qa_service.keys.key_file import NAME, add_key, read_keys, read_settled_keys, revoke_key
from qa_service.store import directory_use, files
from qa_service.store.journal import FOLDER
from qa_service.store.sqlite_catalog import SqliteCatalog
from tests.conftest import add
from tests.unit.test_backup import at, back_up, opened, put_back, text, texts
from tests.unit.test_replacement import Died


def made(data: Path, name: str) -> Key:
    key, _ = make_key(name, ("ask",))
    add_key(data, key)
    return key


def ids(data: Path) -> set[str]:
    return {key.id for key in read_keys(data) or ()}


def interrupted(file: Path, data: Path, name: str) -> None:
    """Restore a backup into a directory, and die when something new was given its name there."""

    def die(step: files.Step) -> None:
        if step.action == "renamed" and step.target is not None and step.target == data / name:
            raise Died

    files.watchers.append(die)
    try:
        with pytest.raises(Died):
            put_back(file, data, replace=True)
    finally:
        files.watchers.remove(die)


@pytest.fixture(params=["catalog.sqlite3", NAME])
def left(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Key, Key]:
    """A directory whose restore died just when a file had come; a key of the backup, and one from before."""
    data, source = settings.data_dir, at(settings, tmp_path / "source")
    with opened(source) as engine:
        add(engine, {"new": text(1)})
    of_backup = made(source.data_dir, "of the backup")
    back_up(source, tmp_path / "b.tar")
    with opened(settings) as engine:
        add(engine, {"old": text(2)})
    before = made(data, "from before")
    interrupted(tmp_path / "b.tar", data, request.param)
    assert (data / FOLDER / "journal.json").exists() and before.id not in ids(data)
    return data, of_backup, before


def test_a_key_made_after_an_interrupted_restore_is_kept(left: tuple[Path, Key, Key], settings: Settings) -> None:
    data, of_backup, _ = left
    added = made(data, "later")
    assert ids(data) == {of_backup.id, added.id}
    with opened(settings) as engine:
        assert texts(engine) == {"new": text(1)}
    assert ids(data) == {of_backup.id, added.id}


def test_a_key_revoked_after_an_interrupted_restore_is_gone(left: tuple[Path, Key, Key]) -> None:
    data, of_backup, _ = left
    assert revoke_key(data, of_backup.id) == (of_backup, 0)
    SqliteCatalog(data).close()
    assert ids(data) == set()


def test_keys_are_read_after_an_interrupted_restore_is_settled(left: tuple[Path, Key, Key]) -> None:
    data, of_backup, _ = left
    assert read_settled_keys(data) == (of_backup,)


def test_a_server_finds_the_keys_of_an_interrupted_restore(left: tuple[Path, Key, Key]) -> None:
    refuse_exposed(Settings(data_dir=left[0], trusted_proxies=1))


def test_an_interrupted_restore_is_backed_up_as_what_it_ends_in(
    left: tuple[Path, Key, Key], settings: Settings, tmp_path: Path
) -> None:
    made_ = back_up(settings, tmp_path / "again.tar")
    assert made_.contents.articles == 1
    put_back(tmp_path / "again.tar", tmp_path / "elsewhere")
    assert ids(tmp_path / "elsewhere") == {left[1].id}


def test_a_catalogue_that_an_interrupted_restore_has_not_moved_yet_is_backed_up(
    settings: Settings, tmp_path: Path
) -> None:
    with opened(settings) as engine:
        add(engine, {"a": text(1)})
    back_up(settings, tmp_path / "b.tar")

    def die(step: files.Step) -> None:
        if step.target is not None and step.target.parent.name == "old":
            raise Died

    files.watchers.append(die)
    with pytest.raises(Died):
        put_back(tmp_path / "b.tar", settings.data_dir, replace=True)
    files.watchers.remove(die)
    assert not (settings.data_dir / "catalog.sqlite3").exists()
    assert back_up(settings, tmp_path / "again.tar").contents.articles == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda data: made(data, "b"),
        lambda data: revoke_key(data, "00000000"),
        read_settled_keys,
        lambda data: refuse_exposed(Settings(data_dir=data, trusted_proxies=1)),
    ],
    ids=["add", "revoke", "list", "serve"],
)
def test_keys_wait_for_a_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], object]
) -> None:
    made(tmp_path, "a")
    before = (tmp_path / NAME).read_bytes()
    monkeypatch.setattr(directory_use, "WAIT_S", 0.0)
    use = directory_use.alone(tmp_path)
    with pytest.raises(Unavailable, match="restore into this data directory is under way"):
        act(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before
    use.release()


def test_no_restore_begins_while_keys_are_changed(tmp_path: Path) -> None:
    seen = []

    def watch(step: files.Step) -> None:
        if step.action == "wrote":
            with pytest.raises(Unavailable, match="uses this data directory"):
                directory_use.alone(tmp_path, 0.0)
            seen.append(step)

    files.watchers.append(watch)
    try:
        made(tmp_path, "a")
    finally:
        files.watchers.remove(watch)
    assert seen
    directory_use.alone(tmp_path, 0.0).release()


def test_keys_are_changed_beside_a_server(engine: Engine, settings: Settings) -> None:
    key = made(settings.data_dir, "a")
    assert read_settled_keys(settings.data_dir) == (key,)
    revoke_key(settings.data_dir, key.id)
    assert engine.check() == []


def test_a_directory_that_is_not_there_is_made_by_the_first_key_alone(tmp_path: Path) -> None:
    data = tmp_path / "srv" / "data"
    assert read_settled_keys(data) is None
    refuse_exposed(Settings(data_dir=data))
    assert not data.parent.exists()
    key = made(data, "a")
    assert read_settled_keys(data) == (key,)
    assert data.stat().st_mode & 0o777 == 0o700


def test_keys_are_read_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made(tmp_path, "a")

    def refuse(_data_dir: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(directory_use, "shared", refuse)
    assert read_settled_keys(tmp_path) == (key,)
    with pytest.raises(Unavailable, match="cannot be written: Read-only file system"):
        made(tmp_path, "b")
    (tmp_path / FOLDER).mkdir()
    with pytest.raises(Unavailable, match=r"interrupted restore.*Read-only file system.*writable"):
        read_settled_keys(tmp_path)
