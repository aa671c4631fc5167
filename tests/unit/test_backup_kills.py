"""A few rounds of `scripts/faults/backup_kills.py`: processes that really are killed."""

from __future__ import annotations

from pathlib import Path

from tests.unit.kill_script import counts_of


def test_nothing_is_lost_when_backups_and_restores_are_killed(tmp_path: Path) -> None:
    counts = counts_of("backup_kills", 8, 3, tmp_path / "out")
    for kind in ("backups", "restores"):
        assert counts.get(f"{kind} killed", 0) + counts.get(f"{kind} that were faster", 0) == 4
