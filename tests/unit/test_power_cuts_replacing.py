"""A power cut after any step leaves what a directory held or what replaces it, wholly, and whoever comes settles it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from embeddings.durable import replacing, sync_folder
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import QAError
from qa_service.store import catalog_file, files, replacement, successor
from qa_service.store.journal import CONTENT, INDEXED
from qa_service.store.replacement import enter, is_pending
from qa_service.store.successor import Plan
from tests.conftest import add
from tests.unit.power import Disk, State, Tree
from tests.unit.test_backup import at, back_up, put_back, text, texts
from tests.unit.test_replacement import NEW, OLD, lay_out, opens, refuses, replace

SUCCESSOR = {"catalog.sqlite3": "new", "vectors/b": "new b", "indexes/1/CURRENT": "new"}


@contextmanager
def recorded(folder: Path) -> Iterator[Disk]:
    """Record what is done in a directory whose content is durable; nobody writes its catalogue meanwhile."""
    disk = Disk(folder, catalog=False)
    disk.load()
    files.watchers.append(disk)
    try:
        yield disk
    finally:
        files.watchers.remove(disk)


def content(folder: Path, names: Collection[str] = CONTENT) -> Tree:
    """Read what is held under the names of content."""
    found = [path for name in names for path in (folder / name, *(folder / name).rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def settled(state: State, folder: Path, trial: Callable[[Path], None] = opens) -> Tree:
    """Put a state on a disk, open it as the next command does, and read what it holds then."""
    state.write(folder)
    enter(folder, trial).release()
    where = f"{state.kind} after {state.after}"
    assert not is_pending(folder), where
    return content(folder)


def last(disk: Disk) -> State:
    """Give what a cut leaves when all is done."""
    return State(disk.steps[-1], "durable", disk.tree("durable"), ())


@pytest.mark.parametrize("old", [OLD, {}], ids=["over another", "into an empty one"])
@pytest.mark.parametrize("trial", [opens, refuses])
def test_a_cut_while_content_is_replaced(tmp_path: Path, old: dict[str, str], trial: Callable[[Path], None]) -> None:
    lay_out(tmp_path / "data", {**old, "notes.txt": "mine"})
    before = content(tmp_path / "data")
    with recorded(tmp_path / "data") as disk, suppress(QAError):
        replace(tmp_path / "data", trial)
    after = {name: new.encode() for name, new in NEW.items()}
    found = [settled(state, tmp_path / f"s{number}", trial) for number, state in enumerate(disk.states)]
    assert len(found) > 20
    assert all(one in (before, after) for one in found)
    assert (after in found) == (trial is opens)
    # Who was told that it succeeded finds it so.
    assert settled(last(disk), tmp_path / "last", trial) == (after if trial is opens else before)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_cut_while_a_backup_is_restored(settings: Settings, tmp_path: Path, replaced: bool) -> None:
    data = settings.data_dir
    held = []
    for number in range(2):
        engine = Engine.open(at(settings, tmp_path / f"e{number}"), ToyEncoder())
        add(engine, {f"a{n}": text(n + 10 * number) for n in range(3)})
        held.append(texts(engine))
        engine.close()
    back_up(at(settings, tmp_path / "e1"), tmp_path / "b.tar", indexes=True)
    if replaced:
        (tmp_path / "e0").rename(data)
    else:
        data.mkdir()
    before = content(data)
    with recorded(data) as disk:
        put_back(tmp_path / "b.tar", data, replace=replaced)
    after = content(data)
    found = [settled(state, tmp_path / f"s{number}", catalog_file.opens) for number, state in enumerate(disk.states)]
    assert len(found) > 25
    assert all(one in (before, after) for one in found)
    assert before in found and after in found
    assert settled(last(disk), tmp_path / "last", catalog_file.opens) == after
    for folder, expected in ((tmp_path / "last", held[1]), (data, held[1])):
        encoder = ToyEncoder()
        engine = Engine.open(at(settings, folder), encoder)
        assert (texts(engine), engine.check(), encoder.passages_encoded) == (expected, [], 0)
        engine.close()


def with_a_successor(place: Path) -> Path:
    """Make a data directory whose successor is the truth."""
    data = place / "data"
    lay_out(data, OLD)
    successor.begin(data, Plan({}, "p"))
    lay_out(data / successor.FOLDER, SUCCESSOR)
    successor.put_in_charge(data)
    return data


@pytest.mark.parametrize("trial", [opens, refuses])
def test_a_cut_while_a_successor_moves_to_its_place(tmp_path: Path, trial: Callable[[Path], None]) -> None:
    """It is the truth from before the first step on: whichever place it is in, nothing else is ever opened."""
    data = with_a_successor(tmp_path)
    with recorded(data) as disk:
        assert replacement.fold(data, trial, opens) is (trial is opens)
    wanted = {name: new.encode() for name, new in SUCCESSOR.items()}
    assert len(disk.states) > 15
    for number, state in enumerate([*disk.states, last(disk)]):
        folder = tmp_path / f"s{number}"
        assert settled(state, folder, trial)["calibration.json"] == b"old"
        where = f"{state.kind} after {state.after}"
        assert content(successor.root_of(folder), INDEXED) == wanted, where
        assert successor.is_current(folder) == (trial is refuses), where


def test_a_cut_while_a_backup_takes_the_place_of_an_older_one(settings: Settings, tmp_path: Path) -> None:
    engine = Engine.open(settings, ToyEncoder())
    (tmp_path / "to").mkdir()
    add(engine, {"a": text(1)})
    back_up(settings, tmp_path / "to" / "b.tar")
    before = (tmp_path / "to" / "b.tar").read_bytes()
    add(engine, {"b": text(2)})
    with recorded(tmp_path / "to") as disk:
        back_up(settings, tmp_path / "to" / "b.tar")
    engine.close()
    after = (tmp_path / "to" / "b.tar").read_bytes()
    assert {state.tree["b.tar"] for state in disk.states} == {before, after}
    assert disk.tree("durable") == {"b.tar": after}


def failing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_does_not_take_what_was_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    lay_out(tmp_path, OLD)
    failing(monkeypatch, number)
    acts: list[Callable[[], None]] = [
        lambda: sync_folder(tmp_path),
        lambda: sync_folder(tmp_path, files=False),
        lambda: files.sync_tree(tmp_path),
        lambda: replace(tmp_path),
    ]
    for act in acts:
        with pytest.raises(OSError, match=os.strerror(number)):
            act()
    assert content(tmp_path) == {name: old.encode() for name, old in OLD.items()}


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    lay_out(tmp_path, OLD)
    failing(monkeypatch, number)
    sync_folder(tmp_path)
    files.sync_directory(tmp_path)


def test_a_name_that_is_not_durable_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, []

    def second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", second)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), replacing(tmp_path / "index") as file:
        file.write(b"x")
