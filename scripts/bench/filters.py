"""Measure filtered questions: narrow to wide, on first use and remembered, and compare each with brute force.

Usage: scripts/bench/filters.py [--articles N] [--questions N] [--data DIR] [--json OUT]

Makes N short articles with random unit vectors in place of a model's, so that the times are those of the search alone;
asks with each filter; and checks for some questions that the candidates are those that an exhaustive search of every
leg nominates when it is filtered afterwards. `--data` keeps the collection for the next run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.filters.tree import Filter
from qa_service.index.admitted import Admitted
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.retrieval.admission import Admission
from qa_service.retrieval.evidence import word_query
from qa_service.retrieval.nomination import NOMINEES
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import FEW_ADMITTED, rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.store import collections, passages
from qa_service.text.fold import encoder_fold
from qa_service.types import Ask, Submission

COMPARED = 5
GOODS = ("苹果", "钢管", "棉布", "瓷器", "茶叶", "纸张", "玻璃", "电缆", "水泥", "木材", "药品", "图书")
CHARACTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 1500)]


class RandomEncoder(ToyEncoder):
    """Gives each text a random unit vector of its own, in the default model's dimension."""

    def __init__(self) -> None:
        super().__init__(384, "random")

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        seeds = [crc32(text.encode("utf-8", "replace")) for text in texts]
        rows = [np.random.default_rng(seed).standard_normal(384, dtype=np.float32) for seed in seeds]
        vectors = np.stack(rows) if rows else np.empty((0, 384), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def words(seed: int, count: int) -> str:
    """Make a line of characters by chance, unlike any other: copies would be compared, which is not measured here."""
    chance = random.Random(seed)
    return "".join(chance.choice(CHARACTERS) for _ in range(count))


def submissions(count: int) -> Iterator[Submission]:
    """Make short articles with metadata."""
    for n in range(count):
        goods = GOODS[n % len(GOODS)]
        text = "。".join(words(n, 40)[start : start + 8] for start in range(0, 40, 8)) + f"{goods}{n}。"
        metadata = {"n": n, "goods": goods, "percent": n % 100, "tags": [goods, f"t{n % 500}"], "code": f"WH-{n:07}"}
        day = f"20{n % 25:02}-{n % 12 + 1:02}-{n % 28 + 1:02}"
        yield Submission(text.encode(), id=f"a{n}", charset="utf-8", published_at=day, metadata=metadata)


def filters(count: int) -> dict[str, dict[str, Any] | None]:
    """Give the filters by name: from none over narrow to wide ones, and some that cost more to evaluate."""
    some = random.Random(1).sample(range(count), min(count, 10_000))
    return {
        "no filter": None,
        "one article": {"type": "eq", "key": "article_id", "value": f"a{count // 3}"},
        "0.2%: a tag": {"type": "eq", "key": "tags", "value": "t7"},
        "1%": {"type": "eq", "key": "percent", "value": 3},
        "5%": {"type": "lt", "key": "percent", "value": 5},
        "33%: since a date": {"type": "after", "key": "published_at", "value": "2016-06"},
        "90%": {"type": "gte", "key": "percent", "value": 10},
        "all but one": {"type": "ne", "key": "n", "value": 5},
        "10,000 ids": {"type": "in", "key": "article_id", "value": [f"a{n}" for n in some]},
        "text within (10%)": {"type": "ends_with", "key": "code", "value": "7"},
        "nothing": {"type": "eq", "key": "absent", "value": "x"},
    }


def asked_ms(engine: Engine, questions: Sequence[str], tree: Filter | None) -> list[float]:
    """Ask every question; give the milliseconds each took."""
    times = []
    for question in questions:
        began = time.perf_counter()
        engine.ask(Ask(question, filters=tree))
        times.append((time.perf_counter() - began) * 1e3)
    return times


def exhaustive(snapshot: LocalSnapshot, query: Query, words: Any, admitted: Admitted) -> set[int]:
    """Nominate by going through every leg's whole list and filtering it afterwards."""
    total = 1 << 40
    every = [snapshot.nominate_windows(query.vector, total), snapshot.nominate_sentences(query.vector, total)]
    nominated = {key for keys in every for key in keys[admitted.mask(keys)][:NOMINEES].tolist()}
    legs = [snapshot.base.words.search(sorted(words.idf), 10_000_000)] if snapshot.base else []
    legs += [chunk.words.search(words, sorted(words.idf), 10_000_000) for chunk in snapshot.chunks]
    for hits in legs:
        kept = hits.keys[admitted.mask(hits.keys) & ~np.isin(hits.keys, snapshot.dead)]
        nominated.update(kept[:NOMINEES].tolist())
    return nominated


def equal(engine: Engine, questions: Sequence[str], tree: Filter) -> bool:
    """Compare candidates with the exhaustive ones; few admitted ones must all be among those considered."""
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    same = True
    for question in questions:
        vector = engine.encoder.encode_queries([encoder_fold(question)])[0]
        query = Query(question, vector, engine.tokenizer.words(question))
        with engine.catalog.read() as connection:
            collection = collections.get(connection, "default")
            admitted = Admission().admitted(connection, collection, snapshot, tree)
            assert admitted is not None
            ranking = rank(connection, engine.segments, collection, snapshot, query, Stopwatch(), admitted)
            words = word_query(connection, collection, query.words)
            expected = exhaustive(snapshot, query, words, admitted)
            live = {one.key for one in passages.candidates(connection, sorted(expected), snapshot.seq)}
        found = {one.key for one in ranking.evidence.candidates} if ranking.evidence else set()
        if len(admitted.keys) <= FEW_ADMITTED:
            # All are scored by words exactly, where the base has rounded lengths: it may choose others at the end.
            dense = set(snapshot.nominate_windows(vector, NOMINEES, admitted).tolist())
            dense |= set(snapshot.nominate_sentences(vector, NOMINEES, admitted).tolist())
            same &= dense <= found and (len(admitted.keys) > NOMINEES or live == found)
        else:
            same &= found == live
    return same


def measure(engine: Engine, count: int, questions: Sequence[str]) -> list[dict[str, Any]]:
    """Ask with every filter; the first question of each loads what it needs and evaluates it."""
    engine.ask(Ask(questions[0]))
    rows = []
    for name, given in filters(count).items():
        began = time.perf_counter()
        tree = parse_filter(given) if given else None
        parse = (time.perf_counter() - began) * 1e3
        first, *rest = asked_ms(engine, questions, tree)
        snapshot = engine.opened.snapshot("default")
        with engine.catalog.read() as connection:
            collection = collections.get(connection, "default")
            admitted = Admission().admitted(connection, collection, snapshot, tree)
        rows.append(
            {
                "filter": name,
                "passages": len(admitted.keys) if admitted else collection.passages,
                "parse_ms": round(parse, 1),
                "first_ms": round(first, 1),
                "p50_ms": round(statistics.median(rest), 1),
                "p95_ms": round(statistics.quantiles(rest, n=20)[18], 1),
                "equal": equal(engine, questions[:COMPARED], tree) if tree else None,
            }
        )
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    return rows


def main() -> None:
    """Ingest unless it was done before, measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        engine = Engine.open(Settings(data_dir=args.data or Path(home)), RandomEncoder())
        began = time.perf_counter()
        if not engine.articles("default", 1).articles:
            list(engine.ingest(submissions(args.articles)))
            print(f"ingested in {time.perf_counter() - began:.0f} s", flush=True)
        chance = random.Random(0)
        numbers = [chance.randrange(args.articles) for _ in range(args.questions + 1)]
        questions = [f"{words(n, 8)}{GOODS[n % len(GOODS)]}?" for n in numbers]
        rows = measure(engine, args.articles, questions)
        engine.close()
    if args.json:
        args.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
