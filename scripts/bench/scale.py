#!/usr/bin/env python
"""The service over 10 k, 100 k and 1 M passages: latency, recall, memory, build time, disk, start, changes.

    scripts/bench/scale.py SETS [--passages 10000,100000,1000000] [--keep DIR] [--out DIR] [--skip-changes] [--indexes]

SETS is the folder with the public sets (cmrc2018_dev.json, xquad.zh.json). Their paragraphs are ingested once, and what
fills the collections is made from them (scale_synthetic.py tells how); rows and vectors are written by the store's own
functions (scale_build.py). Each size is then served by a server of the benchmark's own on a free port, with the real
encoder and all stages, and asked questions of the sets, which took no part in making anything. DIR keeps what was
built, and the paragraphs' vectors, for the next run. A million passages take 27 GB of disk and some 15 minutes to
build. Caches of files are dropped where that is allowed (as root); the cache of questions is off.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from report import publish
from scale_build import Writer, build, disk
from scale_compaction import Compaction
from scale_exact import blocks_of, exact, nearest, recalls, spread
from scale_report import plots, tables
from scale_served import ADDED, Figures, measure_bulk, measure_changes, measure_cold, measure_compaction, measure_warm
from scale_source import Real, Source, Vectors, make_source, read_real
from scale_synthetic import Maker
from served import Server
from wrk import require_wrk

from embeddings.encoder import Encoder
from qa_service import assembly
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.squad import load_squad
from qa_service.names import DEFAULT_COLLECTION
from qa_service.text.fold import encoder_fold

FILES = ("cmrc2018_dev.json", "xquad.zh.json")
REAL = "real"
SEED = 0
ASKED, JUDGED, SAMPLED = 2000, 100, 400
"""Questions asked of a server, questions whose exact results are computed, vectors whose neighbours are looked at."""
_NEVER_BUILT = 1 << 30
"""Number of the batch that is added: no build gets so far."""


def main() -> None:
    """Build, serve, ask and report, size by size."""
    options = _options()
    require_wrk()
    settings = load_settings()
    encoder = assembly.load_model(settings)
    with _folder(options.keep) as keep:
        real, source = prepare(options.sets, keep, encoder)
        questions = read_questions(options.sets)
        queries = encoder.encode_queries([encoder_fold(question) for question in questions[:SAMPLED]])
        facts: dict[str, Figures] = {}
        for count in options.passages:
            facts[str(count)] = measure(keep, count, source, encoder, questions, queries[:JUDGED], options)
            # What took an hour must not be lost when the next size fails.
            (keep / "figures.json").write_text(json.dumps(facts, default=asdict, indent=1), encoding="utf-8")
        cosines = compare_cosines(keep, options.passages, real, queries, encoder)
    publish("scale", {"sizes": facts, "cosines": cosines}, tables(facts, cosines), plots(facts), options.out)


def prepare(sets: Path, keep: Path, encoder: Encoder) -> tuple[Real, Source]:
    """Ingest the real paragraphs, unless they are there, and learn what synthetic articles are made from."""
    engine = Engine.open(load_settings(data_dir=keep / "real"), encoder)
    if not any(found.name == REAL and found.articles for found in engine.collections()):
        for file in FILES:
            given = [replace(one, id=f"{file}/{one.id}") for one in load_squad(sets / file).articles]
            for outcome in engine.ingest(given, REAL):
                assert outcome.outcome != "rejected", outcome.reason
    real = read_real(engine, REAL)
    source = make_source(real, engine.tokenizer, encoder.fingerprint)
    engine.close()
    return real, source


def read_questions(sets: Path) -> list[str]:
    """Choose questions of the sets."""
    found = dict.fromkeys(question.text for file in FILES for question in load_squad(sets / file).questions)
    return random.Random(SEED).sample(list(found), ASKED)


def measure(
    keep: Path,
    count: int,
    source: Source,
    encoder: Encoder,
    questions: Sequence[str],
    queries: Vectors,
    options: argparse.Namespace,
) -> Figures:
    """Build one size, unless it is there, and measure it."""
    data = keep / f"made-{count}"
    built = ensure_built(data, count, source, encoder, options.indexes)
    print(f"{count:,} passages: asking", flush=True)
    figures: Figures = {"passages": count, "build": built, "disk": disk(data)}
    figures["cold"] = measure_cold(data, questions, DEFAULT_COLLECTION)
    with Server(data) as server, tempfile.TemporaryDirectory() as home:
        figures["warm"] = measure_warm(server, questions, DEFAULT_COLLECTION, Path(home))
        if options.changes:
            engine = Engine.open(load_settings(data_dir=data), encoder, recover=False, asking=False)
            writer = Writer(engine, source.vocabulary)
            batch = Maker(source, SEED).batch(_NEVER_BUILT, 3 * ADDED)[:ADDED]
            figures["changes"] = measure_changes(server, engine, writer, batch)
            compaction = Compaction(engine.settings, engine, DEFAULT_COLLECTION)
            figures["compaction"] = measure_compaction(server, compaction, questions, DEFAULT_COLLECTION)
            figures["bulk"] = measure_bulk(server, batch, questions, DEFAULT_COLLECTION)
            # What is kept for the next run is as it was.
            added = [name for article in batch for name in (article.id, f"bulk-{article.id}")]
            engine.ingestor().remove(added, DEFAULT_COLLECTION)
            engine.close()
    figures["exact"] = measure_recall(data, encoder, queries)
    return figures


def ensure_built(data: Path, count: int, source: Source, encoder: Encoder, anew: bool) -> Figures:
    """Build a data directory of so many passages and its indexes, or take what is there; tell what it took."""
    rows, indexes = data / "rows.json", data / "indexes.json"
    if not rows.exists():
        shutil.rmtree(data, ignore_errors=True)
    engine = Engine.open(load_settings(data_dir=data), encoder, recover=False, asking=False)
    if not rows.exists():
        engine.recover()
        rows.write_text(json.dumps(asdict(build(engine, source, count, SEED))), encoding="utf-8")
    if anew or not indexes.exists():
        print(f"{count:,} passages: building the indexes", flush=True)
        shutil.rmtree(data / "indexes", ignore_errors=True)
        took = Compaction(engine.settings, engine, DEFAULT_COLLECTION).result()
        indexes.write_text(json.dumps(took), encoding="utf-8")
    engine.close()
    built: Figures = json.loads(rows.read_text(encoding="utf-8"))
    return {**built, "indexes": json.loads(indexes.read_text(encoding="utf-8"))}


def measure_recall(data: Path, encoder: Encoder, queries: Vectors) -> Figures:
    """Compare what the indexes nominate with an exact search; give the cosines of the nearest, too."""
    engine = Engine.open(load_settings(data_dir=data), encoder, asking=False)
    began = time.perf_counter()
    legs = exact(engine, DEFAULT_COLLECTION, queries)
    seconds = time.perf_counter() - began
    snapshot = engine.opened.snapshot(DEFAULT_COLLECTION)
    assert snapshot is not None
    found = recalls(snapshot, queries, legs)
    base = snapshot.manifest.base
    recorded = {name: asdict(leg) for name in found if (leg := getattr(base, name, None)) is not None}
    engine.close()
    return {
        "questions": len(queries),
        "seconds": seconds,
        "recall": found,
        "recorded": recorded,
        "cosines": {name: spread(leg.cosines) for name, leg in zip(found, legs, strict=True)},
    }


def compare_cosines(
    keep: Path, passages: Sequence[int], real: Real, queries: Vectors, encoder: Encoder
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Look at the nearest neighbours of questions, windows and sentences, among as many real and made ones."""
    engine = Engine.open(load_settings(data_dir=keep / f"made-{passages[0]}"), encoder, asking=False)
    windows, sentences = blocks_of(engine, DEFAULT_COLLECTION, len(real.windows))
    engine.close()
    data = {"real": (real.windows, real.sentences), "made": (windows, sentences[: len(real.sentences)])}
    chance = np.random.default_rng(SEED)
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for name, pair in data.items():
        for kind, vectors in zip(("windows", "sentences"), pair, strict=True):
            sample = vectors[chance.choice(len(vectors), min(SAMPLED, len(vectors)), replace=False)]
            found.setdefault(f"questions to {kind}", {})[name] = nearest(queries, vectors)
            found.setdefault(f"{kind} to {kind}", {})[name] = nearest(sample, vectors, own=True)
    return found


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder to build in; a temporary one unless one is named."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as home:
        yield Path(home)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument(
        "--passages", type=lambda text: [int(one) for one in text.split(",")], default=[10_000, 100_000, 1_000_000]
    )
    parser.add_argument("--keep", type=Path, help="folder for what is built; a temporary one by default")
    parser.add_argument("--out", type=Path, help="folder for scale.json and scale.svg")
    parser.add_argument(
        "--skip-changes", dest="changes", action="store_false", help="don't add, delete and compact at the end"
    )
    parser.add_argument("--indexes", action="store_true", help="build the indexes of what was kept anew")
    return parser.parse_args()


if __name__ == "__main__":
    main()
