"""Harm the service in every way that happens to disks, clocks and files, and tell what it says and serves.

    python scripts/faults/harm.py --out FOLDER

Each harm is done to a copy of one data directory. For each: how the server comes up, whether anything that it serves is
wrong, what `check` says, and what brings all back. It ends with 1 if a wrong text was served, if something was missing
and nobody said so, or if nothing that was advised helped. Mounting and a C compiler are needed for some; what
cannot be done here is listed as skipped.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import harm_bytes
import harm_clock
import harm_disk
import harm_model
import platformdirs
from harm_case import Outcome, short
from harm_disk import NotPossible
from harm_template import Template, make_template
from report import Table, publish

Harm = Callable[[], Iterator[Outcome]]


def harms(template: Template, case: Path, given: argparse.Namespace) -> dict[str, Harm]:
    """Give the harms by name; `case` is a new directory for each copy."""
    rng = random.Random(given.seed)
    return {
        "fields": lambda: harm_bytes.in_fields(template, case, rng),
        "bytes": lambda: harm_bytes.in_every_kind(template, case, rng, given.places),
        "disk": lambda: harm_disk.full_disk(template, case, rng),
        "read-only": lambda: harm_disk.read_only(template, case, rng),
        "immutable": lambda: harm_disk.indexes_immutable(template, case, rng),
        "clock": lambda: harm_clock.jumps(template, case, rng),
        "no-model": lambda: iter([harm_model.missing_folder(case)]),
        "model": lambda: harm_model.default_model(given.models, case, rng),
    }


def harmed(given: argparse.Namespace, directory: Path) -> tuple[list[Outcome], list[tuple[str, str]]]:
    """Do the harms that were chosen; give what came of them, and what could not be done with the reason."""
    template = make_template(directory / "template")
    case = directory / "case"
    outcomes: list[Outcome] = []
    skipped: list[tuple[str, str]] = []
    began = time.monotonic()
    for name, harm in harms(template, case, given).items():
        if given.only and name not in given.only:
            continue
        try:
            for outcome in harm():
                outcomes.append(outcome)
                sign = "" if outcome.well else "  <-- "
                print(f"{outcome.harm}, {outcome.where}: {short(outcome.state)}{sign}", file=sys.stderr, flush=True)
                if name in ("bytes", "fields"):
                    shutil.rmtree(case, ignore_errors=True)
                if given.minutes and time.monotonic() - began > 60 * given.minutes:
                    skipped.append((name, "the rest of it, and what follows: the time is over"))
                    return outcomes, skipped
        except NotPossible as error:
            skipped.append((name, str(error)))
        shutil.rmtree(case, ignore_errors=True)
    return outcomes, skipped


def report(outcomes: list[Outcome], skipped: list[tuple[str, str]], out: Path | None) -> bool:
    """Show what came of the harms; tell whether all was well."""
    columns = ("harm", "to", "state", "served", "check", "recovery", "well")
    rows = [
        (one.harm, one.where, short(one.state), short(one.served), short(one.check), one.recovery, one.well)
        for one in outcomes
    ]
    sums = Table("In all", ("what", "count"), [
        ("harms", len(outcomes)),
        ("harms after which a wrong text or a deleted article was served", sum(one.wrong > 0 for one in outcomes)),
        ("harms of which nobody spoke though something was missing", sum(one.silent for one in outcomes)),
        ("harms that what was advised did not mend", sum(not one.recovered for one in outcomes)),
    ])  # fmt: skip
    tables = [Table("What happened", columns, rows), sums]
    details = [(one.where, detail) for one in outcomes if not one.well for detail in one.details]
    if details:
        tables.append(
            Table("What was wrong", ("where", "what"), [(where, short(what, 240)) for where, what in details])
        )
    if skipped:
        tables.append(Table("Skipped", ("harm", "why"), skipped))
    publish("harm", {}, tables, [], out)
    return all(one.well for one in outcomes)


def main() -> int:
    """Do the harms asked for and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="HARM", help="of bytes, fields, disk, read-only, immutable, ...")
    parser.add_argument("--places", type=int, default=3, help="bytes altered in each kind of file, one at a time")
    parser.add_argument("--minutes", type=float, help="begin no other harm after so many minutes")
    parser.add_argument("--seed", type=int, default=1, help="other seeds, other bytes")
    models = platformdirs.user_cache_path("qa-service") / "models"
    parser.add_argument("--models", type=Path, default=models, help="the default model's cache, which is copied")
    parser.add_argument("--out", type=Path, help="a folder for harm.json")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        outcomes, skipped = harmed(given, Path(temporary))
    return 0 if report(outcomes, skipped, given.out) else 1


if __name__ == "__main__":
    sys.exit(main())
