"""What is measured of a server over a collection of some size: start, memory, latency, throughput, changes."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from scale_build import BuildTimes, Writer
from scale_compaction import Compaction
from scale_synthetic import MadeArticle
from served import Answered, Client, Server, drop_caches, percentile
from wrk import load

from qa_service.engine import Engine
from qa_service.store import collections
from qa_service.store.collections import Collection
from qa_service.text.fold import encoder_fold

COLD, WARM_UP, TIMED = 100, 100, 400
ADDED = 100
LOAD_CLIENTS, LOAD_SECONDS = 16, 15
_VISIBLE_WITHIN_S = 60
_SETTLE_S = 3.0
_BETWEEN_LOOKS = 10

Figures = dict[str, Any]


def latencies(answers: Sequence[Answered]) -> Figures:
    """Sum answers up: median and 99th percentile of the whole request, and the median of each stage, in ms."""
    whole = [answer.ms for answer in answers]
    stages = [answer.body["timings_ms"] for answer in answers]
    return {
        "questions": len(answers),
        "p50": statistics.median(whole),
        "p99": percentile(whole, 0.99),
        "stages": {name: statistics.median(one[name] for one in stages) for name in stages[0]},
    }


def measure_cold(data: Path, questions: Sequence[str], name: str) -> Figures:
    """Forget the files, start a server and ask the first questions."""
    dropped = drop_caches()
    with Server(data) as server:
        client = server.client()
        answers = [client.ask(question, name) for question in questions[:COLD]]
        return {"dropped": dropped, "ready_s": server.ready_s, "first_ms": answers[0].ms, **latencies(answers)}


def measure_warm(server: Server, questions: Sequence[str], name: str, home: Path) -> Figures:
    """Ask one question after the other, twice, then others with many clients at once.

    The second time the files that the questions touch are in memory; vectors of questions are not kept.
    """
    client = server.client()
    at_start = server.memory()
    for question in questions[-WARM_UP:]:
        client.ask(question, name)
    first = [client.ask(question, name) for question in questions[:TIMED]]
    answers = [client.ask(question, name) for question in questions[:TIMED]]
    asked = server.memory()
    loaded = load(server.port, questions, name, LOAD_CLIENTS, LOAD_SECONDS, home)
    return {
        **latencies(answers),
        "first_time": latencies(first),
        "ready_s": server.ready_s,
        "memory_at_start": asdict(at_start),
        "memory": asdict(asked),
        "load_per_second": loaded.per_second,
        "load_p50": loaded.p50,
        "load_p99": loaded.p99,
        "load_errors": loaded.errors,
    }


def measure_changes(server: Server, engine: Engine, writer: Writer, batch: Sequence[MadeArticle]) -> Figures:
    """Add articles that are encoded already, from another process than the server's, and delete one over HTTP.

    The last one is really encoded, before the clock starts; it is visible when its longest sentence, asked, gives it.
    """
    client, name = server.client(), writer.name
    last = _encoded(engine, batch[-1])
    batch = [*batch[:-1], last]
    question = max((last.text[start:end] for start, end in last.passages[0].sentences), key=len)
    _forget(engine, batch, name)
    before = client.ask(question, name, top_k=50)
    if last.id in articles_of(before):
        sys.exit(f"{last.id} is there before it was added")
    began = time.perf_counter()
    writer.write(batch, BuildTimes())
    engine.generations.publish_delta(_collection(engine, name))
    published = time.perf_counter()
    visible = _seen_within(client, question, name, last.id, there=True)
    sent = time.perf_counter()
    answer = client.delete(last.id, name)
    if answer.status != 204:
        sys.exit(f"deleting got {answer.status}: {answer.body}")
    gone = _seen_within(client, question, name, last.id, there=False)
    return {
        "articles": len(batch),
        "passages": sum(len(one.passages) for one in batch),
        "write_and_publish_s": published - began,
        "visible_s": visible - began,
        "deleted_s": answer.ms / 1e3,
        "gone_s": gone - sent,
    }


def measure_compaction(server: Server, compaction: Compaction, questions: Sequence[str], name: str) -> Figures:
    """Ask one question after the other until a compaction that is under way has ended, and shortly after it."""
    client = server.client()
    answers: list[Answered] = []
    ended = None
    while ended is None or time.perf_counter() - ended < _SETTLE_S:
        answers.append(client.ask(questions[len(answers) % len(questions)], name))
        if ended is None and not compaction.runs():
            ended = time.perf_counter()
    return {**latencies(answers), **compaction.result()}


def measure_bulk(server: Server, articles: Sequence[MadeArticle], questions: Sequence[str], name: str) -> Figures:
    """Ask one question after the other while the server works through a job that ingests articles by their texts."""
    client = server.client()
    given = [{"id": f"bulk-{article.id}", "text": article.text} for article in articles]
    began = time.perf_counter()
    queued = client.call("POST", f"/v1/articles?async=true&collection={name}", {"articles": given})
    if queued.status != 202:
        sys.exit(f"the bulk ingest got {queued.status}: {queued.body}")
    job = queued.body["job"]
    answers: list[Answered] = []
    while job["state"] not in ("done", "failed"):
        answers += [client.ask(questions[(len(answers) + n) % len(questions)], name) for n in range(_BETWEEN_LOOKS)]
        job = client.call("GET", f"/v1/jobs/{job['id']}").body["job"]
    if job["state"] == "failed":
        sys.exit(f"the bulk ingest failed: {job}")
    return {**latencies(answers), "seconds": time.perf_counter() - began, "articles": len(given)}


def articles_of(answer: Answered) -> set[str]:
    """Name the articles of an answer's passages and of their copies."""
    found = {passage["article_id"] for passage in answer.body["passages"]}
    return found | {copy["article_id"] for passage in answer.body["passages"] for copy in passage["also_in"]}


def _seen_within(client: Client, question: str, name: str, article_id: str, *, there: bool) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < _VISIBLE_WITHIN_S:
        if (article_id in articles_of(client.ask(question, name, top_k=50))) == there:
            return time.perf_counter()
    return sys.exit(f"{article_id} is {'not ' if there else ''}found {_VISIBLE_WITHIN_S} s later")


def _encoded(engine: Engine, article: MadeArticle) -> MadeArticle:
    """Give an article the vectors that its text really has."""
    blocks = []
    for passage in article.passages:
        texts = [article.text[start:end] for start, end in passage.sentences]
        blocks.append(engine.encoder.encode_passages([encoder_fold(text) for text in ("".join(texts), *texts)]))
    return replace(article, vectors=tuple(blocks))


def _forget(engine: Engine, batch: Sequence[MadeArticle], name: str) -> None:
    """Delete what an earlier run left."""
    engine.ingestor().remove([article.id for article in batch], name)


def _collection(engine: Engine, name: str) -> Collection:
    with engine.catalog.read() as connection:
        return collections.get(connection, name)
