#!/usr/bin/env python
"""Tail latency of a question that waits for all of N shards, drawn from measured latencies of a single one.

    scripts/bench/fanout.py FILE [--shared SHARE] [--questions N] [--validate] [--out DIR]

FILE has one latency in milliseconds a line, as `unit_costs.py SET --single FILE` keeps them. Tables: all shards waited
for; a second request after the single shard's p95; the slowest shard left out; and queues in front of each shard's
replicas at several loads. --shared is the share of latencies that a question's shards have in common, as they do where
the question itself is what takes long. --validate asks real stand-ins for shards on 127.0.0.1, which answer after a
drawn latency, and compares.
"""

from __future__ import annotations

import argparse
import heapq
import os
from pathlib import Path

import numpy as np
from fanout_served import measured
from report import Plot, Table, publish

QUANTILES = (0.5, 0.95, 0.99, 0.999)
SHARDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LOADS = (0.3, 0.5, 0.7, 0.9)


def fan_out(
    single: np.ndarray,
    shards: int,
    questions: int,
    hedge_after: float | None,
    seed: int,
    *,
    shared: float = 0.0,
    left_out: int = 0,
) -> np.ndarray:
    """Draw latencies (questions,) of the slowest of `shards`.

    Parameters:
        hedge_after: a second request goes to another replica after so long, and the first answer wins.
        shared: the chance of each shard to take as long as the question does elsewhere, between 0 and 1.
        left_out: so many of the slowest are not waited for; their passages are missing.
    """
    random = np.random.default_rng(seed)
    own = random.choice(single, (shards, questions))
    if shared:
        common = random.choice(single, questions)
        own = np.where(random.random(own.shape) < shared, common, own)
    if hedge_after is not None:
        second = hedge_after + random.choice(single, own.shape)
        own = np.where(own > hedge_after, np.minimum(own, second), own)
    waited_for = max(shards - left_out, 1)
    return np.partition(own, waited_for - 1, axis=0)[waited_for - 1]


def queued(service: np.ndarray, arrivals: np.ndarray, replicas: int) -> np.ndarray:
    """Give the latencies (n,) of requests that the first free replica serves in order, waiting included.

    Parameters:
        service: how long each takes (n,), in the unit of `arrivals` (n,), which increase.
    """
    free = [0.0] * replicas
    latencies = np.empty(len(service))
    for place, (arrived, takes) in enumerate(zip(arrivals.tolist(), service.tolist(), strict=True)):
        ended = max(heapq.heappop(free), arrived) + takes
        heapq.heappush(free, ended)
        latencies[place] = ended - arrived
    return latencies


def under_load(
    single: np.ndarray, shards: int, replicas: int, load: float, questions: int, seed: int
) -> np.ndarray:  # fmt: skip
    """Draw latencies (questions,) of the slowest shard, when its replicas are busy for a share `load` of the time.

    Questions come at random (Poisson), each to all shards at once.
    """
    random = np.random.default_rng(seed)
    arrivals = np.cumsum(random.exponential(single.mean() / replicas / load, questions))
    slowest = np.zeros(questions)
    for _ in range(shards):
        slowest = np.maximum(slowest, queued(random.choice(single, questions), arrivals, replicas))
    return slowest


def quantiles(latencies: np.ndarray) -> list[float]:
    """Give what is printed of latencies."""
    return [float(value) for value in np.quantile(latencies, QUANTILES)]


def simulated(single: np.ndarray, questions: int, shared: float) -> tuple[list[Table], list[Plot]]:
    """Lay out the simulations."""
    after = float(np.quantile(single, 0.95))
    ways = {
        "All shards waited for": {},
        f"A second request after {after:.1f} ms": {"hedge_after": after},
        "The slowest shard left out": {"left_out": 1},
    }
    head = ["shards", "p50", "p95", "p99", "p99.9"]
    tables, lines = [], {}
    for title, given in ways.items():
        options = {"hedge_after": None, "shared": shared, **given}
        rows = [[shards, *quantiles(fan_out(single, shards, questions, seed=0, **options))] for shards in SHARDS]
        tables.append(Table(f"{title}, ms", head, rows))
        lines[title] = [(float(row[0]), row[3]) for row in rows]
    rows = []
    for shards in (1, 8, 32):
        for replicas in (1, 2, 4):
            found = (under_load(single, shards, replicas, load, questions, 0) for load in LOADS)
            rows.append([shards, replicas, *(float(np.quantile(one, 0.99)) for one in found)])
    tables.append(Table("p99 in ms with queues, by load", ["shards", "replicas", *map(str, LOADS)], rows))
    return tables, [Plot("p99 of a fan-out", "shards", "ms", lines)]


def validated(single: np.ndarray, questions: int, shared: float) -> Table:
    """Compare with real stand-ins."""
    rows: list[list[object]] = []
    for shards in (1, 2, 4, 8):
        rows.append([shards, "simulated", *quantiles(fan_out(single, shards, 50_000, None, 0))[:3]])
        rows.append([shards, "measured", *quantiles(measured(single, shards, questions))[:3]])
    load = os.getloadavg()[0]
    title = f"{questions} questions to stand-ins on 127.0.0.1, load {load:.1f}; simulated without shared noise, ms"
    if shared:
        title += " (--shared is of the tables above)"
    return Table(title, ["shards", "which", "p50", "p95", "p99"], rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--shared", type=float, default=0.0)
    parser.add_argument("--questions", type=int, default=10_000, help="drawn for each row")
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--asked", type=int, default=200, help="questions to the stand-ins")
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    single = np.loadtxt(given.file, ndmin=1)
    tables, plots = simulated(single, given.questions, given.shared)
    if given.validate:
        tables.append(validated(single, given.asked, given.shared))
    publish("fanout", {"file": given.file.name, "latencies": len(single)}, tables, plots, given.out)


if __name__ == "__main__":
    main()
