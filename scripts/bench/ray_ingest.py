#!/usr/bin/env python
"""Loading with Ray against the plain path: speed by turns, and whether passages and vectors are the same.

    scripts/bench/ray_ingest.py SET [--workers N] [--runs N] [--out DIR]

SET is a file in SQuAD layout, whose paragraphs are the articles. Each run takes them into a new data directory with
`qa-service ingest`, in a process of its own: first plain, then with Ray. Two speeds are told: that of the command's own
summary, from the first article's reading to the last one's being durable, in which Ray's workers load their model; and
that of the whole command, in which Ray and the models start.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from report import Table, publish

from qa_service.evaluation.squad import load_squad
from qa_service.store import articles, collections, passages
from qa_service.store.sqlite_catalog import SqliteCatalog

ROOT = Path(__file__).resolve().parents[2]
_SUMMARY = re.compile(r"([0-9,]+) passages, [0-9,]+ of them new, in ([0-9.]+) s")
Stored = dict[str, tuple[bytes, bytes]]


@dataclass(frozen=True)
class Run:
    """One ingest: its passages, the seconds of its summary and of the whole command, and the machine's load."""

    passages: int
    seconds: float
    whole: float
    load: float


def ingest(rows: Path, data: Path, options: list[str]) -> Run:
    """Take the articles into a new data directory."""
    environment = {**os.environ, "QA_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
    load, started = os.getloadavg()[0], time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "qa_service", "ingest", str(rows), *options],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    whole = time.monotonic() - started
    found = _SUMMARY.search(ran.stdout)
    assert found is not None, ran.stdout
    return Run(int(found[1].replace(",", "")), float(found[2]), whole, load)


def stored(data: Path) -> Stored:
    """Give the block hash and the vectors of each passage by its id."""
    found: Stored = {}
    with closing(SqliteCatalog(data)) as catalog, catalog.read() as connection:
        segments = catalog.segments()
        for row, _ in articles.live(connection, collections.get(connection, "default").row):
            for passage, block_hash, block in passages.blocks_of_article(connection, row):
                found[passage.passage_id] = block_hash, np.asarray(segments.read(block)).tobytes()
    return found


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    ways = {"plain": [], "ray": ["--engine", "ray", "--workers", str(given.workers)]}
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    same = []
    for number in range(given.runs):
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "rows.jsonl"
            with rows.open("w", encoding="utf-8") as file:
                for article in load_squad(given.set).articles:
                    file.write(json.dumps({"id": article.id, "text": article.content.decode()}) + "\n")
            for way, options in ways.items():
                run = ingest(rows, Path(folder) / way, options)
                runs[way].append(run)
                print(f"run {number + 1}, {way}: {run}", flush=True)
            same.append(stored(Path(folder) / "plain") == stored(Path(folder) / "ray"))
            print(f"run {number + 1}: same passages and vectors: {same[-1]}", flush=True)
    _publish(given.out, runs, same)
    return 0 if all(same) else 1


def _publish(out: Path | None, runs: dict[str, list[Run]], same: list[bool]) -> None:
    rows: list[list[object]] = []
    for way, found in runs.items():
        speed = statistics.median(run.passages / run.seconds for run in found)
        whole = statistics.median(run.passages / run.whole for run in found)
        rows.append([way, speed, whole, max(run.load for run in found)])
    table = Table("Loading", ["way", "passages/s", "of the whole command", "load before"], rows)
    facts = {"same": same, "runs": {way: [asdict(run) for run in found] for way, found in runs.items()}}
    publish("ray_ingest", facts, [table], [], out)


if __name__ == "__main__":
    sys.exit(main())
