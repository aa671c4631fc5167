"""What is said to be done about a journal that cannot be read brings the content back, wherever its parts are."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_service.errors import Damaged
from qa_service.store import replacement, successor
from qa_service.store.journal import FOLDER, NAME
from qa_service.store.replacement import enter
from tests.unit.power import State
from tests.unit.test_power_cuts_replacing import SUCCESSOR, content, recorded, with_a_successor
from tests.unit.test_replacement import NEW, OLD, lay_out, opens, refuses, replace


def unreadable(states: list[State], tmp_path: Path) -> list[tuple[Path, str]]:
    """Write down each state that has a journal, harmed; give its folder and the remedy."""
    found = []
    for number, state in enumerate(states):
        folder = tmp_path / f"s{number}"
        state.write(folder)
        if not (folder / FOLDER / NAME).exists():
            continue
        (folder / FOLDER / NAME).write_bytes(b"\0")
        with pytest.raises(Damaged) as caught:
            enter(folder, opens)
        found.append((folder, str(caught.value)))
    assert len(found) > 5
    return found


@pytest.mark.parametrize("trial", [opens, refuses])
def test_of_a_move_of_a_rebuilt_index(tmp_path: Path, trial: object) -> None:
    data = with_a_successor(tmp_path)
    with recorded(data) as disk:
        replacement.fold(data, trial, opens)  # type: ignore[arg-type]
    wanted = {name: new.encode() for name, new in SUCCESSOR.items()}
    for folder, told in unreadable(disk.states, tmp_path):
        made = successor.folder(folder)
        if not successor.is_current(folder):
            continue  # only the journal was left to be removed, the last step of all
        assert "move of a rebuilt index" in told and f"{made} lacks" in told and f"remove {folder / FOLDER}" in told
        for name in ("catalog.sqlite3", "vectors", "indexes"):
            if not (made / name).exists():
                (folder / name).rename(made / name)
        (folder / FOLDER).rename(tmp_path / f"{folder.name}-kept")
        enter(folder, opens).release()
        assert content(successor.root_of(folder), [name.split("/")[0] for name in SUCCESSOR]) == wanted


@pytest.mark.parametrize("trial", [opens, refuses])
def test_of_a_restore(tmp_path: Path, trial: object) -> None:
    data = tmp_path / "data"
    lay_out(data, OLD)
    with recorded(data) as disk:
        try:
            replace(data, trial)  # type: ignore[arg-type]
        except Damaged:
            assert trial is refuses
    after = {name: new.encode() for name, new in NEW.items()}
    for folder, told in unreadable(disk.states, tmp_path):
        assert "an interrupted restore" in told and f"move {folder / FOLDER} out" in told and "--replace" in told
        (folder / FOLDER).rename(tmp_path / f"{folder.name}-kept")
        enter(folder, opens).release()
        replace(folder)
        assert content(folder) == after
