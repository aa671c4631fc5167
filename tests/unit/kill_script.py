"""Runs one of the scripts that kill processes at random points, for a few rounds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FAULTS = Path(__file__).resolve().parents[2] / "scripts" / "faults"


def counts_of(name: str, count: int, seed: int, out: Path) -> dict[str, int]:
    """Run a script, which must find nothing wrong; give what it counted."""
    ran = subprocess.run(
        [sys.executable, str(FAULTS / f"{name}.py"), "--count", str(count), "--seed", str(seed), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    assert found["facts"]["wrong"] == []
    return dict(found["tables"][0]["rows"])
