#!/usr/bin/env python
"""Tail latency of a question that waits for all of N shards, from latencies of a single one.

scripts/bench/fanout.py FILE [--hedge]

FILE has one latency in milliseconds a line. Shards are taken as independent: no queue, no shared noise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

QUANTILES = (0.5, 0.95, 0.99, 0.999)


def fan_out(single: np.ndarray, shards: int, questions: int, hedge_after: float | None, seed: int) -> np.ndarray:
    """Draw latencies (questions,) of the slowest of `shards`; after `hedge_after` a second request may win."""
    random = np.random.default_rng(seed)
    slowest = np.zeros(questions)
    for _ in range(shards):
        drawn = random.choice(single, questions)
        if hedge_after is not None:
            second = hedge_after + random.choice(single, questions)
            drawn = np.where(drawn > hedge_after, np.minimum(drawn, second), drawn)
        slowest = np.maximum(slowest, drawn)
    return slowest


def main() -> None:
    """Print p50, p95, p99 and p99.9 for 1 to 256 shards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--hedge", action="store_true", help="ask a second time after the single shard's p95")
    options = parser.parse_args()
    single = np.loadtxt(options.file, ndmin=1)
    after = float(np.quantile(single, 0.95)) if options.hedge else None
    print("shards", "p50", "p95", "p99", "p99.9", sep="\t")
    for shards in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        values = np.quantile(fan_out(single, shards, 100_000, after, 0), QUANTILES)
        print(shards, *(f"{value:.1f}" for value in values), sep="\t")


if __name__ == "__main__":
    main()
