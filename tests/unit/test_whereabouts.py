"""A file is told from its copies and from whatever comes after it, and stays the same while it is written and moved."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from qa_service.store import whereabouts
from qa_service.store.whereabouts import are_same, of_file


def test_a_file_is_the_same_after_writes_a_vacuum_and_moves(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        before = of_file(path)
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
        connection.execute("DELETE FROM t")
        connection.commit()
        connection.execute("VACUUM")
    (tmp_path / "moved").mkdir()
    moved = path.rename(tmp_path / "moved" / "two.sqlite3")
    assert are_same(before, of_file(moved))


def test_a_copy_is_another_also_with_the_inode_number_of_the_original(tmp_path: Path) -> None:
    path, copy = tmp_path / "one", tmp_path / "copy"
    path.write_text("x")
    before = of_file(path)
    shutil.copy2(path, copy)
    assert not are_same(before, of_file(copy))
    if before.endswith(":"):
        pytest.skip("the file system does not know when a file was made")
    time.sleep(0.05)  # the kernel's clock goes by ticks of some milliseconds
    path.unlink()
    shutil.copy2(copy, path)
    assert not are_same(before, of_file(path))
    number = before.split(":")[0]
    assert not are_same(before, whereabouts.joined(number, of_file(path).split(":")[1]))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1:2", "1:2", True), ("1:", "1:2", True), ("1:2", "1:3", False), ("1:2", "2:", False), ("1:2", "1:2:3", False)],
)
def test_what_is_not_known_is_not_compared(one: str, other: str, same: bool) -> None:
    assert are_same(one, other) is same


def test_without_the_call_the_number_counts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: None) -> None:
        raise OSError

    path = tmp_path / "one"
    path.write_text("x")
    known = of_file(path)
    monkeypatch.setattr("ctypes.CDLL", absent)
    assert of_file(path) == f"{path.stat().st_ino}:"
    assert are_same(known, of_file(path))
