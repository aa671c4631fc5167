#!/usr/bin/env python
"""Latency and throughput of /v1/ask over HTTP, measured with wrk at 1, 8, 16 and 32 clients.

    scripts/bench/http_load.py SET [--data DIR] [--collection NAME] [--clients 1,8] [--limit-seconds N] [--out DIR]

SET is a file in SQuAD layout. A server of the benchmark's own is started on a free port of this machine, over a
temporary data directory into which the command line ingests SET's paragraphs, or over DIR, where a collection that has
articles already is asked as it is. The cache of questions is off (QA_QUESTION_CACHE=0); a question is asked twice only
when a load takes more of them than SET has. Stages come from answers to one client in a separate run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from report import Plot, Table, publish
from served import Client, Memory, Server, command, percentile
from wrk import Load, load, require_wrk

from qa_service.evaluation.squad import load_squad
from qa_service.library import Library
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.types import Submission

WARM_UP, STAGED, SEED = 50, 200, 0
FASTEST_PER_SECOND = 400
"""Questions kept ready for each second of a load: more than two cores answer."""


def main() -> None:
    """Ingest, serve, ask and report."""
    options = _options()
    require_wrk()
    dataset = load_squad(options.set)
    articles = list(dataset.articles)
    questions = list(dict.fromkeys(question.text for question in dataset.questions))
    random.Random(SEED).shuffle(questions)
    with tempfile.TemporaryDirectory() as home:
        data = options.data or Path(home, "data")
        ingest_s = ingest(articles, data, options.collection, Path(home))
        with Server(data) as server:
            cold = server.client().ask(questions[0], options.collection)
            ready = server.memory()
            staged = stages(server.client(), questions, options.collection)
            loads = run_loads(server, options, questions, Path(home))
            memory = server.memory()
    facts = {
        "set": options.set.name,
        "articles": len(articles),
        "ingest_s": ingest_s,
        "ready_s": server.ready_s,
        "first_question_ms": cold.ms,
        "memory_mib": asdict(memory),
        "memory_at_start_mib": asdict(ready),
        "stage_p50_ms": staged,
        "loads": [{**asdict(one), "per_second": one.per_second} for one in loads],
    }
    publish("http_load", facts, tables(facts, loads, staged, (ready, memory)), plots(loads), options.out)


def ingest(articles: Sequence[Submission], data: Path, collection: str, home: Path) -> float | None:
    """Have the command line take the articles in, unless the collection has some; give the seconds it took."""
    if (data / "catalog.sqlite3").exists():
        catalog = SqliteCatalog(data)
        filled = {found.name for found in Library(catalog).collections() if found.articles}
        catalog.close()
        if collection in filled:
            return None
    rows = home / "articles.jsonl"
    lines = [json.dumps({"id": one.id, "text": one.content.decode("utf-8")}) for one in articles]
    rows.write_text("\n".join(lines), encoding="utf-8")
    began = time.perf_counter()
    subprocess.run(command("ingest", str(rows), "--collection", collection, "--data", str(data)), check=True)
    return time.perf_counter() - began


def stages(client: Client, questions: Sequence[str], collection: str) -> dict[str, float]:
    """Give the median of each stage in ms, as the answers tell; `client` is the whole request seen from outside."""
    for question in taken(questions, 0, WARM_UP):
        client.ask(question, collection)
    answers = [client.ask(question, collection) for question in taken(questions, WARM_UP, STAGED)]
    timings = [{**answer.body["timings_ms"], "client": answer.ms} for answer in answers]
    seen = {name: statistics.median(one[name] for one in timings) for name in timings[0]}
    return {**seen, "client p99": percentile([answer.ms for answer in answers], 0.99)}


def run_loads(server: Server, options: argparse.Namespace, questions: Sequence[str], home: Path) -> list[Load]:
    """Run the loads one after the other, each on questions that those before it did not ask while there are any."""
    found, at = [], WARM_UP + STAGED
    seconds = min(15, max(1, options.limit_seconds // len(options.clients)))
    for clients in options.clients:
        asked = taken(questions, at, FASTEST_PER_SECOND * seconds)
        found.append(load(server.port, asked, options.collection, clients, seconds, home))
        at += found[-1].asked
    return found


def taken(questions: Sequence[str], first: int, count: int) -> list[str]:
    """Take questions from a place on, from the start again when they run out."""
    return [questions[(first + place) % len(questions)] for place in range(count)]


def tables(
    facts: dict[str, object], loads: Sequence[Load], staged: dict[str, float], memory: tuple[Memory, Memory]
) -> list[Table]:
    """Lay out what was measured."""
    columns = ("clients", "requests/s", "p50 ms", "p90 ms", "p99 ms", "requests", "refused", "not 200", "lost")
    rows = [
        (one.clients, one.per_second, one.p50, one.p90, one.p99, one.requests, one.refused, one.failed, one.lost)
        for one in loads
    ]
    server = [
        ("ingest, s", facts["ingest_s"]),
        ("start to ready, s", facts["ready_s"]),
        ("first question, ms", facts["first_question_ms"]),
        *((f"resident, {when}, MiB", one.resident) for when, one in zip(("ready", "loaded"), memory, strict=True)),
        *((f"anonymous, {when}, MiB", one.anonymous) for when, one in zip(("ready", "loaded"), memory, strict=True)),
    ]
    return [
        Table(f"/v1/ask, {facts['set']}, cache of questions off", columns, rows),
        Table("stages, one client, medians", ("stage", "ms"), list(staged.items())),
        Table("server", ("", "value"), server),
    ]


def plots(loads: Sequence[Load]) -> list[Plot]:
    """Draw throughput and latency by clients."""
    latency = {name: [(one.clients, getattr(one, name)) for one in loads] for name in ("p50", "p90", "p99")}
    throughput = {"questions/s": [(one.clients, one.per_second) for one in loads]}
    return [
        Plot("Throughput of /v1/ask", "clients", "questions/s", throughput, kind="bar"),
        Plot("Latency of /v1/ask", "clients", "ms", latency, log_x=True),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--clients", type=lambda text: [int(one) for one in text.split(",")], default=[1, 8, 16, 32])
    parser.add_argument("--limit-seconds", type=int, default=120, help="for all loads together")
    parser.add_argument("--out", type=Path, help="folder for http_load.json and http_load.svg")
    return parser.parse_args()


if __name__ == "__main__":
    main()
