"""A few rounds of `scripts/faults/backup_kills.py`: processes that really are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "faults" / "backup_kills.py"


def test_nothing_is_lost_when_backups_and_restores_are_killed(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "--count", "8", "--seed", "3", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "out" / "backup_kills.json").read_text(encoding="utf-8"))
    assert found["facts"]["wrong"] == []
    counts = dict(found["tables"][0]["rows"])
    for kind in ("backups", "restores"):
        assert counts.get(f"{kind} killed", 0) + counts.get(f"{kind} that were faster", 0) == 4
