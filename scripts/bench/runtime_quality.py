#!/usr/bin/env python
"""nDCG@10 of the public sets with the encoder in float32 and in a narrower precision, the whole retrieval included.

    scripts/bench/runtime_quality.py SETS --work DIR [--runtime int8] [--questions N] [--only NAME ...] [--out OUT]

SETS holds cmrc2018_dev.json and xquad.{zh,en,ru}.json. Every set is ingested and asked in both precisions, and asked in
the narrower one of what was ingested in float32, as after an update of the service. What DIR has is neither ingested
nor asked again. The last set, pool, asks the Chinese XQuAD in all articles together.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from report import Table, machine, publish

from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.datasets import RankingSet
from qa_service.evaluation.metrics import pessimistic_order, question_measures
from qa_service.evaluation.squad import load_squad

MEASURE, DEPTH = "nDCG@10", 100
CMRC, XQUAD = "cmrc2018_dev.json", "xquad.{}.json"


def main() -> None:
    """Ingest, ask, and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="data directories, one a precision")
    parser.add_argument("--runtime", default="int8", choices=("int8", "bf16"))
    parser.add_argument("--questions", type=int, default=10_000, help="at most so many of each set, evenly spread")
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sets = chosen_sets(options.sets, options.only)
    ways = {"float32": ("fp32", "fp32"), options.runtime: (options.runtime, options.runtime)}
    ways["both"] = ("fp32", options.runtime)
    figures = {
        way: asked(options.work / data, runtime, sets, options.questions) for way, (data, runtime) in ways.items()
    }
    rows = [row(name, [figures[way][name] for way in ways]) for name in sets]
    columns = ["set", "questions", "float32", options.runtime, "difference", "lower", "higher"]
    columns += [f"{options.runtime} over a float32 index", "difference"]
    table = Table(f"{MEASURE}, {options.runtime} against float32", columns, rows)
    publish("runtime_quality", {"machine": machine()}, [table], [], options.out)


def chosen_sets(folder: Path, only: Sequence[str] | None) -> Mapping[str, tuple[str, RankingSet]]:
    """Read the sets named by `only`, or all: by name, the collection of their articles and the set."""
    return {name: (collection, found) for name, collection, found in read_sets(folder) if not only or name in only}


def read_sets(folder: Path) -> Iterator[tuple[str, str, RankingSet]]:
    """Give each set's name, the collection that holds its articles, and the set."""
    chinese = folder / XQUAD.format("zh")
    cmrc, xquad = load_squad(folder / CMRC), load_squad(chinese)
    yield "cmrc", "cmrc", cmrc
    yield "zh", "zh", xquad
    for language in ("en", "ru"):
        yield language, "zh", load_squad(chinese, folder / XQUAD.format(language))
    # Both number their paragraphs from 0.
    others = tuple(replace(article, id=f"cmrc-{article.id}") for article in cmrc.articles)
    yield "pool", "pool", RankingSet("pool", (*xquad.articles, *others), xquad.questions)


def asked(data: Path, runtime: str, sets: Mapping[str, tuple[str, RankingSet]], most: int) -> Mapping[str, np.ndarray]:
    """Return the measure of every question of each set, ingesting first what is not there."""
    engine = Engine.open(load_settings(data_dir=data, runtime=runtime))
    try:
        found = {}
        for name, (collection, dataset) in sets.items():
            kept = data.with_name(f"{data.name}-{runtime}-{name}-{most}.npy")
            if kept.exists():
                found[name] = np.load(kept)
                continue
            print(f"{runtime}: {name}", flush=True)
            ingest(engine, collection, dataset)
            found[name] = measure(engine, collection, dataset, most)
            np.save(kept, found[name])
        return found
    finally:
        engine.close()


def ingest(engine: Engine, collection: str, dataset: RankingSet) -> None:
    """Take a set's articles in unless the collection has as many."""
    there = {one.name: one.articles for one in engine.collections()}
    if there.get(collection, 0) < len(dataset.articles):
        print(f"ingesting {collection}", flush=True)
        list(engine.ingest(dataset.articles, collection))


def measure(engine: Engine, collection: str, dataset: RankingSet, most: int) -> np.ndarray:
    """Ask at most about `most` questions of a set, evenly spread, and give the measure of each."""
    questions = dataset.questions[:: max(1, len(dataset.questions) // most)]
    print(f"asking {len(questions)} questions of {collection}", flush=True)
    orders = {
        question.id: pessimistic_order(engine.rank(question.text, collection, depth=DEPTH), question.relevance)
        for question in questions
    }
    values = question_measures(orders, {question.id: question.relevance for question in questions})
    return np.array([values[question.id][MEASURE] for question in questions])


def row(name: str, values: list[np.ndarray]) -> list[object]:
    """Lay out a set's figures: means, differences, and how many questions changed either way."""
    exact, narrow = values[:2]
    change = narrow - exact
    means = [float(one.mean()) for one in values]
    lower, higher = int((change < 0).sum()), int((change > 0).sum())
    return [name, len(exact), means[0], means[1], means[1] - means[0], lower, higher, means[2], means[2] - means[0]]


if __name__ == "__main__":
    main()
