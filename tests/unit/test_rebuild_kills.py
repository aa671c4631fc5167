"""A few rounds of `scripts/faults/rebuild_kills.py`: processes that really are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "faults" / "rebuild_kills.py"


def test_nothing_is_lost_when_rebuilds_are_killed(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "--count", "4", "--seed", "2", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "out" / "rebuild_kills.json").read_text(encoding="utf-8"))
    assert found["facts"]["wrong"] == []
    counts = dict(found["tables"][0]["rows"])
    for kind in ("the command", "a server"):
        assert counts.get(f"kills of {kind}", 0) + counts.get(f"{kind} was faster", 0) == 2
