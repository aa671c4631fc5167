#!/usr/bin/env python
"""What one passage and one question cost: bytes by table, processor time of ingest, stages and bytes of a question.

    scripts/bench/unit_costs.py SET [--articles N] [--questions N] [--write FILE] [--single FILE]

SET is a file in SQuAD layout, whose paragraphs are the articles. They are taken into a new data directory (SQLite and
the local index), and asked. --write keeps the figures as JSON, as `capacity.py` reads them; --single keeps the
milliseconds of nominating, fetching and scoring, one line a question, as `fanout.py` reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
from ingest import drafted
from report import machine

from embeddings.encoder import Encoder
from qa_service import assembly
from qa_service.config import Settings, load_settings
from qa_service.engine import Engine
from qa_service.evaluation.squad import load_squad
from qa_service.store.segments import Block, Segments
from qa_service.types import Ask, Submission

COLLECTION = "bench"
SHARD_STAGES = ("nominate", "fetch", "score")
"""What each shard does for itself; encoding, ordering and choosing the answer happen once a question."""


class Read:
    """Counts the blocks of vectors that questions read: the candidates, and some to compare them with."""

    def __init__(self, segments: Segments) -> None:
        self.blocks: list[int] = []
        self.vectors: list[int] = []
        self._gather = segments.gather
        segments.gather = self.gather  # type: ignore[method-assign]

    def gather(self, blocks: Iterable[Block]) -> np.ndarray:
        """Read blocks and count them."""
        wanted = list(blocks)
        self.blocks.append(len(wanted))
        self.vectors.append(sum(block.vectors for block in wanted))
        return self._gather(wanted)


def table_bytes(data: Path) -> dict[str, int]:
    """Give the bytes of each table with its indexes, by SQLite's own account."""
    with closing(sqlite3.connect(next(data.glob("catalog*.sqlite3")))) as database:
        rows = database.execute(
            "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
        )
        return {name: int(size) for name, size in rows}


def counts(data: Path) -> tuple[int, int, int, int]:
    """Give the passages that are searched, their vectors, the rows of bands and the words of the collection."""
    with closing(sqlite3.connect(next(data.glob("catalog*.sqlite3")))) as database:
        found = database.execute("SELECT COUNT(*), SUM(vectors) FROM passages WHERE vectors > 0").fetchone()
        others = (database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("bands", "terms"))
        return (*found, *others)


def taken_in(engine: Engine, articles: list[Submission], encoder: Encoder) -> dict[str, float]:
    """Take articles in; give processor seconds for a thousand, whole, and of what cutting and encoding alone take."""
    cpu, clock = time.process_time(), time.perf_counter()
    for _ in engine.ingest(articles, COLLECTION):
        pass
    whole, wall = time.process_time() - cpu, time.perf_counter() - clock
    cpu = time.process_time()
    drafts = drafted(engine, articles)
    drafting = time.process_time() - cpu
    texts = list(dict.fromkeys(text for one in drafts for passage in one.passages for text in passage.texts))
    cpu = time.process_time()
    encoder.encode_passages(texts)
    encoding = time.process_time() - cpu
    thousand = 1000 / len(articles)
    return {
        "cpu_s_per_1000_articles": whole * thousand,
        "drafting_cpu_s_per_1000_articles": drafting * thousand,
        "encoding_cpu_s_per_1000_articles": encoding * thousand,
        "clock_s_per_1000_articles": wall * thousand,
    }


def asked(engine: Engine, questions: list[str]) -> tuple[dict[str, float], list[float], dict[str, float]]:
    """Ask questions; give the median of each stage in ms, the ms of a shard's stages, and what was read."""
    for question in questions[:20]:
        engine.ask(Ask(question=question + "。", collection=COLLECTION))
    read = Read(engine.segments)
    stages: dict[str, list[float]] = {}
    single = []
    cpu = time.process_time()
    for question in questions:
        timings = engine.ask(Ask(question=question, collection=COLLECTION)).timings_ms
        single.append(sum(timings.get(stage, 0.0) for stage in SHARD_STAGES))
        for stage, ms in timings.items():
            stages.setdefault(stage, []).append(ms)
    spent = (time.process_time() - cpu) / len(questions) * 1e3
    fetched = {
        "cpu_ms": spent,
        "blocks_read": sum(read.blocks) / len(questions),
        "vectors_read": sum(read.vectors) / len(questions),
    }
    return {stage: float(np.median(found)) for stage, found in stages.items()}, single, fetched


def measure(articles: list[Submission], questions: list[str], data: Path) -> tuple[dict[str, object], list[float]]:
    """Do it all once in a new data directory."""
    encoder = assembly.load_model(load_settings())
    load = os.getloadavg()[0]
    with closing(Engine.open(Settings(data_dir=data), encoder, adjusted=False)) as engine:
        ingest = taken_in(engine, articles, encoder)
        engine.compact(COLLECTION)
        stages, single, fetched = asked(engine, questions)
        dim = encoder.description.dim
    passages, vectors, bands, words = counts(data)
    tables = table_bytes(data)
    facts = {
        "articles": len(articles),
        "passages": passages,
        "questions": len(questions),
        "dim": dim,
        "vectors_per_passage": vectors / passages,
        "band_rows_per_passage": bands / passages,
        "words": words,
        "catalogue_bytes_per_passage": {name: size / passages for name, size in sorted(tables.items())},
        "ingest": ingest,
        "stage_ms_p50": stages,
        "question": {**fetched, "vector_bytes_read": fetched["vectors_read"] * dim * 4},
        "load_before": load,
        "machine": machine(),
    }
    return facts, single


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--articles", type=int, default=None)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--single", type=Path)
    given = parser.parse_args()
    dataset = load_squad(given.set)
    with tempfile.TemporaryDirectory() as home:
        articles = list(islice(dataset.articles, given.articles))
        questions = [question.text for question in islice(dataset.questions, given.questions)]
        facts, single = measure(articles, questions, Path(home))
    text = json.dumps({"set": given.set.name, **facts}, indent=1, ensure_ascii=False)
    print(text)
    if given.write:
        given.write.write_text(text + "\n", encoding="utf-8")
    if given.single:
        given.single.write_text("".join(f"{ms:.2f}\n" for ms in single), encoding="utf-8")


if __name__ == "__main__":
    main()
