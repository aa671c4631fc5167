#!/usr/bin/env python
"""nDCG@10 of the public sets through exact indexes and through those of large collections, on the same articles.

    scripts/bench/compressed_quality.py SETS --work DIR [--vectors N] [--questions N] [--only NAME ...] [--out OUT]

SETS holds cmrc2018_dev.json and xquad.{zh,en,ru}.json. A large collection searches inverted lists of codes and leaves
common words to the scoring; the bound from which on it does so, dense.EXACT_VECTORS, is lowered to N here. Every set is
ingested into DIR once, asked, compacted with the lower bound, and asked again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from report import Table, machine, publish
from runtime_quality import MEASURE, chosen_sets, ingest, measure

from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.index import dense, folding
from qa_service.store import collections


def main() -> None:
    """Ingest, ask, compact, ask again, and print the differences."""
    options = _options()
    sets = chosen_sets(options.sets, options.only)
    engine = Engine.open(load_settings(data_dir=options.work))
    try:
        for collection, dataset in sets.values():
            ingest(engine, collection, dataset)
        legs: list[list[object]] = []
        figures: list[dict[str, np.ndarray]] = []
        for bound in (1 << 60, options.vectors):
            dense.EXACT_VECTORS = bound
            for collection in sorted({collection for collection, _ in sets.values()}):
                legs += compact(engine, collection)
            figures.append({name: measure(engine, *found, options.questions) for name, found in sets.items()})
    finally:
        engine.close()
    rows = [row(name, figures[0][name], figures[1][name]) for name in sets]
    tables = [
        Table(f"{MEASURE} of the right article", ("set", "questions", "exact", "lists", "difference", "changed"), rows),
        Table("Indexes", ("collection", "of", "index", "vectors", "lists", "at most", "reach", "recall@10"), legs),
    ]
    publish("compressed_quality", {"machine": machine()}, tables, [], options.out)


def compact(engine: Engine, name: str) -> list[list[object]]:
    """Build a collection's base anew and tell what it is."""
    with engine.catalog.read() as connection:
        collection = collections.get(connection, name)
    manifest = folding.compact(engine.generations, collection, force=True, anew=True)
    engine.opened.refresh(name)
    assert manifest is not None
    assert manifest.base is not None
    legs = (("windows", manifest.base.windows), ("sentences", manifest.base.sentences))
    return [
        [name, kind, leg.kind, leg.vectors, leg.lists, leg.probes, leg.reach, leg.recall] for kind, leg in legs if leg
    ]


def row(name: str, exact: np.ndarray, lists: np.ndarray) -> list[object]:
    """Lay out a set's figures."""
    means = float(exact.mean()), float(lists.mean())
    return [name, len(exact), *means, means[1] - means[0], int((exact != lists).sum())]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="data directory")
    parser.add_argument("--vectors", type=int, default=500, help="vectors up to which an index is exact")
    parser.add_argument("--questions", type=int, default=10_000, help="at most so many of each set, evenly spread")
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
