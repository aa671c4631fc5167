"""What scripts share that kill work on toy directories: openings that are killed too, and the report."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from kill_points import Failed, killed, measure
from report import Table, publish
from toy_directory import Findings

from qa_service.store.sqlite_catalog import SqliteCatalog

Kill = Callable[[Path, Random, Findings], None]


def killed_while_opened(data: Path, rng: Random) -> bool:
    """Kill an opening at a random point; tell whether it was. A copy is opened first, to learn how far that goes."""
    if not data.exists():  # what was to make it died before that
        return False
    twin = data.with_name("twin")
    shutil.rmtree(twin, ignore_errors=True)
    shutil.copytree(data, twin)
    extent = measure(lambda: SqliteCatalog(twin).close())
    return killed(lambda: SqliteCatalog(data).close(), extent, rng)


def kill_and_report(name: str, what: str, given: argparse.Namespace, kill: Kill) -> int:
    """Kill in a temporary folder and publish what was found.

    Args:
        name: of the script, and of the file it writes.
        what: was killed, for the title.
        given: `count`, `seed` and `out` of the command line.

    Returns:
        The exit code: 1 when anything was wrong.
    """
    findings, started = Findings(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        try:
            kill(Path(folder), Random(given.seed), findings)
        except Failed as error:
            findings.expect(False, f"what was not killed failed: {error}")
    rows = [*findings.counts.items(), ("wrong", len(findings.wrong))]
    seconds = time.monotonic() - started
    table = Table(f"{what} killed ({seconds:,.0f} s, seed {given.seed})", ("what", "times"), rows)
    facts = {"count": given.count, "seed": given.seed, "seconds": seconds, "wrong": findings.wrong}
    publish(name, facts, [table], [], given.out)
    return 1 if findings.wrong else 0
