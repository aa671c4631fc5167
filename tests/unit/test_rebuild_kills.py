"""A few rounds of `scripts/faults/rebuild_kills.py`: processes that really are killed."""

from __future__ import annotations

from pathlib import Path

from tests.unit.kill_script import counts_of


def test_nothing_is_lost_when_rebuilds_are_killed(tmp_path: Path) -> None:
    counts = counts_of("rebuild_kills", 4, 2, tmp_path / "out")
    for kind in ("the command", "a server"):
        assert counts.get(f"kills of {kind}", 0) + counts.get(f"{kind} was faster", 0) == 2
