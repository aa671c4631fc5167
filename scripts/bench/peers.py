#!/usr/bin/env python
"""Quality and speed beside other systems, on the same articles, questions and vectors, in one run on this machine.

    scripts/bench/peers-env ENV
    scripts/bench/peers.py SETS --peers ENV/bin/python [--only cmrc,xquad,pool] [--limit N] [--out DIR]

SETS is the folder with the public sets. Pools: `cmrc` (cmrc2018_dev), `xquad` (xquad.zh, asked in Chinese, English and
Russian) and `pool` (both). The peers get chunks of about 220 characters at sentence ends, and the vectors that our
encoder gives chunks and questions, but for sentence-transformers + FAISS, which encodes by itself, with the same model
in torch. Each is measured at its documented defaults and at its best setting: of these and the variants listed in
peers_systems.py, the one with the highest nDCG@10 on these very questions. Measured: nDCG@10 and recall@10 of the right
article, ties counting against the system; the median time of a question, one after the other, warm, with the encoding
of the question and without; the time to build, without encoding; the peak memory of the process. Ours is measured in
process (all stages) and over HTTP, with its cache of questions off; its memory is the server's, model included.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from peers_report import Row, plots, tables
from peers_sets import Pool, chunks_of, read_pools
from report import machine, publish
from served import Server

from embeddings.encoder import Encoder
from qa_service import assembly
from qa_service.config import load_settings
from qa_service.engine import Engine
from qa_service.evaluation.metrics import mean_measures, pessimistic_order
from qa_service.types import Ask, Submission

SYSTEMS = ("txtai", "milvus-lite", "sentence-transformers + FAISS", "bm25s")
SETTINGS = ("defaults", "best")
DEPTH = 100
WARM_UP = 20
PACKAGES = ("txtai", "pymilvus", "milvus-lite", "sentence-transformers", "faiss-cpu", "bm25s", "jieba", "torch")
_NO_WORD = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "0"}


@dataclass(frozen=True, slots=True)
class Given:
    """What the peers are given of a pool: chunks with the numbers of their articles, vectors, times of encoding."""

    chunks: Sequence[str]
    owners: Sequence[int]
    chunk_vectors: Any
    query_vectors: Any
    encode_ms: float
    encode_chunks_s: float


def main() -> None:
    """Measure every system on every pool and report."""
    options = _options()
    # So that a benchmark that is stopped takes the system that is measured along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.environ["QA_QUESTION_CACHE"] = "0"
    encoder = assembly.load_model(load_settings(data_dir=Path(tempfile.gettempdir())))
    rows: list[Row] = []
    facts: dict[str, Any] = {"peers": _versions(options.peers), "ours": machine()["packages"], "pools": {}}
    for pool in read_pools(options.sets, options.only, options.limit):
        print(f"{pool.name}: {len(pool.articles)} articles, {len(pool.questions)} questions", flush=True)
        given = prepare(pool, encoder)
        with tempfile.TemporaryDirectory() as home:
            rows += ours(pool, encoder, Path(home))
        for system in SYSTEMS:
            variants: list[Row] = []
            for setting in SETTINGS:
                with tempfile.TemporaryDirectory() as home:
                    variants += peer(options.peers, system, setting, pool, given, Path(home))
                if variants:
                    best = max(variants, key=lambda row: row.mean_ndcg)
                    rows.append(replace(best, setting=f"{setting}: {best.setting}"))
                    print(f"  {rows[-1].system}, {rows[-1].setting}: {rows[-1].quality}", flush=True)
        facts["pools"][pool.name] = {"articles": len(pool.articles), "chunks": len(given.chunks)}
        facts["pools"][pool.name] |= {"encode_ms": given.encode_ms, "encode_chunks_s": given.encode_chunks_s}
    facts["rows"] = [row.facts() for row in rows]
    publish("peers", facts, tables(rows), plots(rows), options.out)


def prepare(pool: Pool, encoder: Encoder) -> Given:
    """Cut the articles into chunks and encode these and the questions, the questions one by one."""
    chunks, owners = chunks_of(list(pool.articles.values()))
    began = time.perf_counter()
    chunk_vectors = encoder.encode_passages(chunks)
    encode_chunks_s = time.perf_counter() - began
    vectors, times = [], []
    for question in pool.questions:
        began = time.perf_counter()
        vectors.append(encoder.encode_queries([question.text])[0])
        times.append((time.perf_counter() - began) * 1e3)
    return Given(chunks, owners, chunk_vectors, np.stack(vectors), statistics.median(times[WARM_UP:]), encode_chunks_s)


def peer(python: Path, system: str, setting: str, pool: Pool, given: Given, home: Path) -> list[Row]:
    """Run one system in its own process, and judge each of its variants; none, with its error, if it fails."""
    ids = list(pool.articles)
    np.save(home / "chunks.npy", given.chunk_vectors)
    np.save(home / "questions.npy", given.query_vectors)
    data = {
        "chunks": given.chunks,
        "owners": given.owners,
        "articles": list(pool.articles.values()),
        "questions": [question.text for question in pool.questions],
        "model": str(load_settings().model_dir / "multilingual-e5-small-v1"),
    }
    (home / "input.json").write_text(json.dumps(data), encoding="utf-8")
    code = Path(__file__).with_name("peers_systems.py")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ran = subprocess.run(
        [python, code, system, setting, home],
        env={**environment, **_NO_WORD},
        capture_output=True,
        text=True,
        check=False,
    )
    if not (home / "output.json").exists():
        # The others are worth measuring all the same.
        sys.stderr.write(f"{system} failed: {ran.stderr[-2000:]}\n")
        return []
    found = json.loads((home / "output.json").read_text(encoding="utf-8"))
    rows = []
    for variant, one in found["variants"].items():
        rankings = [[(ids[place], score) for place, score in ranking] for ranking in one["rankings"]]
        own = one["encode_p50_ms"]
        encode, search = (given.encode_ms, one["p50_ms"]) if own is None else (own, one["p50_ms"] - own)
        rows.append(
            Row(
                *(pool.name, system, variant, judged(pool, rankings)),
                *(encode + search, search, found["build_s"], found["peak_mib"]),
            )
        )
    return rows


def ours(pool: Pool, encoder: Encoder, home: Path) -> list[Row]:
    """Measure the service: in process, and over HTTP. The articles are ingested twice, the second time unencoded."""
    engine = Engine.open(load_settings(data_dir=home), encoder)
    given = [Submission(text.encode(), id=id_, charset="utf-8") for id_, text in pool.articles.items()]
    list(engine.ingest(given, "encoded"))
    began = time.perf_counter()
    list(engine.ingest(given, "asked"))
    build_s = time.perf_counter() - began
    rankings = [engine.rank(question.text, "asked", DEPTH) for question in pool.questions]
    quality = judged(pool, rankings)
    whole, without = [], []
    for question in pool.questions:
        began = time.perf_counter()
        timings = engine.ask(Ask(question.text, collection="asked")).timings_ms
        whole.append((time.perf_counter() - began) * 1e3)
        without.append(whole[-1] - timings["encode"])
    engine.close()
    name = "this service"
    times = statistics.median(whole[WARM_UP:]), statistics.median(without[WARM_UP:])
    with Server(home) as server:
        client = server.client()
        answers = [client.ask(question.text, "asked") for question in pool.questions][WARM_UP:]
        memory = server.memory().resident
    over_http = (
        statistics.median(one.ms for one in answers),
        statistics.median(one.ms - one.body["timings_ms"]["encode"] for one in answers),
    )
    rows = [
        Row(pool.name, name, "in process", quality, *times, build_s, None),
        Row(pool.name, name, "over HTTP", quality, *over_http, build_s, memory),
    ]
    print(f"  {name}: {quality}", flush=True)
    return rows


def judged(pool: Pool, rankings: Sequence[Sequence[tuple[str, float]]]) -> Mapping[str, tuple[float, float]]:
    """Give nDCG@10 and recall@10 of each set of questions."""
    found = {}
    for asked in dict.fromkeys(question.asked for question in pool.questions):
        orders, qrels = {}, {}
        for number, (question, ranking) in enumerate(zip(pool.questions, rankings, strict=True)):
            if question.asked == asked:
                qrels[str(number)] = {question.article: 1}
                orders[str(number)] = pessimistic_order(ranking, qrels[str(number)])
        measures = mean_measures(orders, qrels)
        found[asked] = (measures["nDCG@10"], measures["Recall@10"])
    return found


def _versions(python: Path) -> Mapping[str, str]:
    code = (
        f"from importlib.metadata import version as v; import json; print(json.dumps({{n: v(n) for n in {PACKAGES}}}))"
    )
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{python} lacks what is compared with; make its environment with peers-env: {ran.stderr[-300:]}")
    found: Mapping[str, str] = json.loads(ran.stdout)
    return found


def _absolute(text: str) -> Path:
    """Complete a path; a link stays one, since a virtual environment's Python is a link to another."""
    return Path(text).absolute()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument(
        "--peers", type=_absolute, required=True, help="the Python of the environment made by peers-env"
    )
    parser.add_argument("--only", type=lambda text: text.split(","), default=["cmrc", "xquad", "pool"])
    parser.add_argument("--limit", type=int, default=300, help="questions of each set")
    parser.add_argument("--out", type=Path, help="folder for peers.json and peers.svg")
    return parser.parse_args()


if __name__ == "__main__":
    main()
