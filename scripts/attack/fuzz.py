#!/usr/bin/env python
"""Fuzzes everything that reads what others wrote: decoding, formats, repair, splitting, requests, the index files.

    scripts/attack/fuzz.py --tools DIR [--minutes 60] [--targets html,faiss] [--blind] [--keep DIR] [--out DIR]

DIR comes from attack-env. The minutes are shared out among the targets, one after another. What fails is kept under
--keep by target, with the input and where it raised; `--again FILE --targets NAME` checks one input once more. Ends
with exit code 1 when anything failed, crashed, hung or ate all memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "bench"), str(HERE.parents[1])]

from report import Table, publish  # noqa: E402
from targets import all_targets  # noqa: E402

_GRACE_SECONDS = 120
_ENDINGS = ("crash-", "oom-", "timeout-", "leak-", "current")


@dataclass
class Found:
    """What came of one target."""

    target: str
    inputs: int = 0
    taken: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    def add(self, noted: dict[str, Any]) -> None:
        """Add what a process wrote down."""
        self.inputs += noted["inputs"]
        self.taken += noted["taken"]
        self.seconds += noted["seconds"]
        self.slowest_s = max(self.slowest_s, noted["slowest_s"])
        for name, count in noted["failures"].items():
            self.failures[name] = self.failures.get(name, 0) + count


def main() -> int:
    """Fuzz and report."""
    options = _options()
    names = options.targets or list(all_targets())
    if options.again is not None:
        print(all_targets()[names[0]].check(options.again.read_bytes()))
        return 0
    python = options.tools / "bin" / "python" if options.tools else Path(sys.executable)
    guided = not options.blind and _has_atheris(python)
    print(
        f"{len(names)} targets, {'atheris' if guided else 'blind changes'}; failures go to {options.keep}", flush=True
    )
    found = [
        fuzz(python, name, max(10, int(options.minutes * 60 / len(names))), options.keep / name, blind=not guided)
        for name in names
    ]
    facts = {
        "guided": guided,
        "minutes": sum(one.seconds for one in found) / 60,
        "inputs": sum(one.inputs for one in found),
        "failures": {one.target: {**one.failures, **dict.fromkeys(one.ended, 1)} for one in found},
    }
    columns = ["target", "minutes", "inputs", "taken", "slowest s", "kinds of failure", "crashes, hangs, memory"]
    rows = [
        [one.target, one.seconds / 60, one.inputs, one.taken, one.slowest_s, len(one.failures), len(one.ended)]
        for one in found
    ]
    rows.append(
        ["all", facts["minutes"], facts["inputs"], None, None, *(sum(row[at] for row in rows) for at in (5, 6))]
    )
    publish("fuzz", facts, [Table("Fuzzing", columns, rows)], [], options.out)
    for one in found:
        for name, count in one.failures.items():
            print(f"{one.target}: {name} ({count} times)")
        for name in one.ended:
            print(f"{one.target}: {name}")
    return int(any(one.failures or one.ended for one in found))


def fuzz(python: Path, name: str, seconds: int, folder: Path, *, blind: bool) -> Found:
    """Fuzz a target for some seconds, in as many processes as it takes: one that crashes is followed by another."""
    found = Found(name)
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + seconds
    while (left := int(until - time.monotonic())) >= 5:
        (folder / "run.json").unlink(missing_ok=True)
        before = set(_ends(folder))
        command = [python, str(HERE / "fuzz_one.py"), name, "--seconds", str(left), "--folder", str(folder)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*map(str, command), *(["--blind"] if blind else [])], stdout=log, stderr=log)
            try:
                code = process.wait(left + _GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
                found.ended.append("the process itself hung")
        if (folder / "run.json").exists():
            found.add(json.loads((folder / "run.json").read_text()))
        new = sorted(set(_ends(folder)) - before)
        for path in new:
            if path.name == "current":
                path = path.rename(folder / f"crash-{time.time_ns()}")  # noqa: PLW2901
            found.ended.append(f"{path} (exit code {code})")
        if code != 0 and not new:
            found.ended.append(f"exit code {code}: {_last_line(folder / 'log')}")
            break
    return found


def _has_atheris(python: Path) -> bool:
    return subprocess.run([python, "-c", "import atheris"], check=False, capture_output=True).returncode == 0


def _ends(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(_ENDINGS)]


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "nothing said"


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, help="the environment that attack-env made")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--targets", type=lambda text: text.split(","))
    parser.add_argument("--blind", action="store_true", help="without atheris, even where it is installed")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "qa-service-fuzz")
    parser.add_argument("--again", type=Path, help="check this input once more, with the first of --targets")
    parser.add_argument("--out", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
