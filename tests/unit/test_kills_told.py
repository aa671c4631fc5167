"""What the random kills find is told at once, not only in the report at the end of hours."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kills import Run
from shelves_model import NotAcknowledged, ShelvesModel
from workloads import Scene


def run_with(tmp_path: Path, answer: tuple[int, object]) -> Run:
    victim: Any = SimpleNamespace(call=lambda *_: answer)
    return Run(Scene(victim, ShelvesModel(), tmp_path), tmp_path / "data", random.Random(1))


def test_each_finding_is_a_line_as_soon_as_it_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_with(tmp_path, (418, {"detail": "no\ntea"}))
    assert capsys.readouterr().err == ""
    run.kills["jobs"] += 3
    run.findings.add("lost", "('default', 'a')\nversion 2")
    assert capsys.readouterr().err == "after 3 kills: lost: ('default', 'a') version 2\n"
    run.scene.expect(True, "nothing")
    run.scene.expect(False, "the command ended")
    assert capsys.readouterr().err == "after 3 kills: unexpected: the command ended\n"
    with pytest.raises(NotAcknowledged):
        run.scene.call("PUT", "/v1/collections/a?x=1")
    told = capsys.readouterr().err
    assert told.startswith("after 3 kills: unexpected: PUT /v1/collections/a got 418") and told.count("\n") == 1
    assert run.findings.wrong == [("lost", "('default', 'a')\nversion 2")]
    assert len(run.scene.unexpected) == 2
