"""What a rebuild made moves to its own place when nobody else uses the directory, and is the truth at every step."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qa_service.errors import Unavailable
from qa_service.store import directory_use, successor
from qa_service.store.journal import FOLDER
from qa_service.store.replacement import enter, is_pending, prepare, remove_superseded
from tests.unit.test_replacement import ASIDE, OLD, Died, Dying, held, lay_out, opens, refuses

MADE = {"catalog.sqlite3": "new", "vectors/b": "new b", "indexes/1/CURRENT": "new"}
STATE = {"plan.json": "{}", "ready": "", "current": ""}
KEPT = {**ASIDE, "calibration.json": "old", "keys.json": "mine"}
FOLDED = {**KEPT, **MADE}


def nothing(_folder: Path) -> None:
    """Settle no log."""


def lay_out_both(folder: Path) -> dict[str, str]:
    """Make a directory whose successor is the truth."""
    made = {f"successor/{name}": content for name, content in {**MADE, **STATE}.items()}
    lay_out(folder, {**OLD, **KEPT, **made})
    return held(folder)


def truth(folder: Path) -> dict[str, str]:
    """Read what counts, as whoever opens the directory does."""
    root = successor.root_of(folder)
    return {name: (root / name).read_text(encoding="utf-8") for name in MADE if (root / name).exists()}


@pytest.mark.parametrize("trial", [opens, refuses])
def test_it_may_die_at_every_step_and_again_while_that_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    lay_out_both(tmp_path / "counted")
    with monkeypatch.context() as patch:
        dying = Dying(patch, 10**9)
        enter(tmp_path / "counted", trial).release()
    assert dying.steps > 15
    for first in range(1, dying.steps + 1):
        for second in (0, *range(1, dying.steps + 1, 5)):
            folder = tmp_path / f"{first}-{second}"
            before = lay_out_both(folder)
            for at in (first, second):
                if at:
                    with monkeypatch.context() as patch:
                        Dying(patch, at)
                        with contextlib.suppress(Died):
                            enter(folder, trial).release()
            enter(folder, trial).release()
            assert not is_pending(folder)
            assert truth(folder) == MADE
            if trial is opens:
                assert held(folder) == FOLDED
                assert not successor.folder(folder).exists()
            else:
                assert held(folder) == before
            shutil.rmtree(folder)


def test_it_stays_where_it_is_while_others_use_the_directory(tmp_path: Path) -> None:
    before = lay_out_both(tmp_path)
    other = directory_use.shared(tmp_path)
    enter(tmp_path, opens).release()
    assert held(tmp_path) == before
    other.release()
    enter(tmp_path, opens).release()
    assert held(tmp_path) == FOLDED
    assert not (tmp_path / FOLDER).exists()


def test_what_cannot_be_moved_is_used_where_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = lay_out_both(tmp_path)

    def unsettled(_folder: Path) -> None:
        raise Unavailable("the log is in use")

    enter(tmp_path, opens, unsettled).release()
    assert held(tmp_path) == before
    assert "is used where it is" in caplog.text
    use = directory_use.alone(tmp_path)
    with pytest.raises(Unavailable, match="cannot be moved"):
        prepare(tmp_path, opens, unsettled)
    prepare(tmp_path, opens, nothing)
    use.release()
    assert held(tmp_path) == FOLDED


def test_what_was_replaced_is_removed_once_nobody_reads_it(tmp_path: Path) -> None:
    lay_out_both(tmp_path)
    reader = directory_use.content(tmp_path)
    assert not remove_superseded(tmp_path)
    reader.release()
    assert remove_superseded(tmp_path)
    assert not {"catalog.sqlite3", "catalog.sqlite3-wal", "vectors/a"} & set(held(tmp_path))
    assert truth(tmp_path) == MADE
    enter(tmp_path, opens).release()
    assert {name: text for name, text in held(tmp_path).items() if name != "content.lock"} == FOLDED


def test_nothing_is_removed_while_it_counts(tmp_path: Path) -> None:
    lay_out(tmp_path, OLD)
    assert remove_superseded(tmp_path)
    assert held(tmp_path) == OLD
