"""A replacement that dies at any step leaves the old content or the new, and the next opening settles which."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qa_service.errors import Damaged, QAError
from qa_service.store import files
from qa_service.store.journal import CONTENT, FOLDER
from qa_service.store.replacement import Replacement, enter, is_pending

OLD = {"catalog.sqlite3": "old", "catalog.sqlite3-wal": "old wal", "vectors/a": "old a", "calibration.json": "old"}
NEW = {"catalog.sqlite3": "new", "vectors/b": "new b", "indexes/1/CURRENT": "new", "keys.json": "new"}
ASIDE = {"writer.lock": "", "notes.txt": "mine"}


class Died(BaseException):
    """The process is gone at this point: nothing below handles it."""


def lay_out(folder: Path, contents: dict[str, str]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def held(folder: Path) -> dict[str, str]:
    found = {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}
    found.pop("in-use.lock", None)
    return found


def opens(_folder: Path) -> None:
    """Open anything."""


def refuses(folder: Path) -> None:
    if (folder / "catalog.sqlite3").read_text(encoding="utf-8") == "new":
        raise Damaged("it does not open")


def replace(folder: Path, trial: Callable[[Path], None] = opens) -> None:
    work = Replacement(folder)
    try:
        work.begin()
        lay_out(work.new, NEW)
        work.carry_out(trial)
    finally:
        work.abandon()


class Dying:
    """Dies at the n-th change of the file system; counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.steps = 0
        self.at = at
        for name in ("rename", "replace", "unlink", "mkdir"):
            self._watch(monkeypatch, Path, name)
        self._watch(monkeypatch, shutil, "rmtree")
        self._watch(monkeypatch, files, "sync_directory")

    def _watch(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        real = getattr(owner, name)

        def step(*arguments: object, **named: object) -> object:
            self.steps += 1
            if self.steps >= self.at:
                raise Died(name)
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, step)


def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: Callable[[Path], None]) -> int:
    """Count the steps of a replacement in which nothing goes wrong."""
    lay_out(tmp_path / "counted", OLD)
    with monkeypatch.context() as patch:
        dying = Dying(patch, 10**9)
        try:
            replace(tmp_path / "counted", trial)
        except QAError:
            assert trial is refuses
    return dying.steps


@pytest.mark.parametrize("old", [OLD, {}], ids=["over another", "into an empty one"])
@pytest.mark.parametrize("trial", [opens, refuses])
def test_it_may_die_at_every_step_and_again_while_that_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: dict[str, str], trial: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nothing is lost with a process, and it takes long
    total = steps(tmp_path, monkeypatch, trial)
    assert total > 20
    outcomes = set()
    for first in range(1, total + 1):
        for second in (0, *range(1, total + 1, 9)):
            folder = tmp_path / f"{first}-{second}"
            lay_out(folder, {**old, **ASIDE})
            with monkeypatch.context() as patch:
                Dying(patch, first)
                with contextlib.suppress(Died, QAError):
                    replace(folder, trial)
            if second:
                with monkeypatch.context() as patch:
                    Dying(patch, second)
                    with contextlib.suppress(Died):
                        enter(folder, trial).release()
            enter(folder, trial).release()
            found = held(folder)
            assert not is_pending(folder)
            assert found in ({**old, **ASIDE}, {**NEW, **ASIDE})
            outcomes.add(found.get("catalog.sqlite3"))
            shutil.rmtree(folder)
    assert outcomes == ({old.get("catalog.sqlite3")} if trial is refuses else {old.get("catalog.sqlite3"), "new"})


def test_a_replacement_that_succeeds(tmp_path: Path) -> None:
    lay_out(tmp_path, {**OLD, **ASIDE})
    replace(tmp_path)
    assert held(tmp_path) == {**NEW, **ASIDE}
    assert not (tmp_path / FOLDER).exists()


def test_what_does_not_open_is_put_away_again(tmp_path: Path) -> None:
    lay_out(tmp_path, {**OLD, **ASIDE})
    with pytest.raises(Damaged, match="does not open"):
        replace(tmp_path, refuses)
    assert held(tmp_path) == {**OLD, **ASIDE}
    assert not (tmp_path / FOLDER).exists()


def test_a_name_that_is_to_be_kept(tmp_path: Path) -> None:
    lay_out(tmp_path, OLD)
    work = Replacement(tmp_path)
    work.begin()
    lay_out(work.new, NEW)
    work.carry_out(opens, keep=("calibration.json", "vectors"))
    # There is something new of one of them.
    assert held(tmp_path) == {**NEW, "calibration.json": "old"}


def test_a_file_that_cannot_be_moved_undoes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, OLD)
    real = Path.rename

    def busy(self: Path, target: Path) -> Path:
        if self.name == "vectors" and self.parent.name == "new":
            raise OSError(16, "Device or resource busy")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(OSError, match="busy"):
        replace(tmp_path)
    assert held(tmp_path) == OLD


@pytest.mark.parametrize(
    "journal",
    ["", "[]", "{", '{"format": 2, "phase": "swap", "take": [], "put": []}', '{"format": 1, "phase": "swap"}',
     '{"format": 1, "phase": "go", "take": [], "put": []}',
     '{"format": 1, "phase": "swap", "take": ["../x"], "put": []}'],
)  # fmt: skip
def test_a_journal_that_cannot_be_read_is_not_acted_upon(tmp_path: Path, journal: str) -> None:
    lay_out(tmp_path, {**OLD, f"{FOLDER}/journal.json": journal, f"{FOLDER}/old/vectors/a": "x"})
    with pytest.raises(Damaged, match=r"journal.*restore the backup again|journal.*lacks"):
        enter(tmp_path, opens)
    assert set(held(tmp_path)) == {*OLD, f"{FOLDER}/journal.json", f"{FOLDER}/old/vectors/a"}


def test_everything_a_catalogue_writes_is_content() -> None:
    assert {"catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm"} <= set(CONTENT)
