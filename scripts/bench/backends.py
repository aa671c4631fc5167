"""Compare the index and catalogue that the settings name with the local ones: candidates, answers, quality and time.

Usage: QA_INDEX=milvus://... [QA_CATALOG=postgresql://...] scripts/bench/backends.py SET [--questions N] [--json OUT]

SET is a file of paragraphs and questions in SQuAD's format. Its paragraphs go into both, and every question is asked of
both. Recall of a leg is the share of the exact best (10 and 100 passages, going through all vectors and words) that it
nominates; what scores as the last of them does may stand in for it.

QA_CATALOG has to be empty, and holds the paragraphs afterwards; without it a temporary one is made. What is made in
Milvus is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qa_service.config import Settings, load_settings
from qa_service.engine import Engine
from qa_service.errors import BadInput
from qa_service.evaluation.datasets import JudgedQuestion, RankingSet
from qa_service.evaluation.squad import load_squad
from qa_service.retrieval.evidence import gather, word_query
from qa_service.retrieval.nomination import NOMINEES
from qa_service.store import collections, copying, entries, passages
from qa_service.store.opening import open_catalog
from qa_service.text.fold import encoder_fold
from qa_service.types import Ask

LEGS = ("windows", "sentences", "words")


def main() -> None:
    """Read the arguments, compare, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--articles", type=int)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = load_squad(given.set)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings()
        ensure_other(settings)
        local = settings.model_copy(
            update={"data_dir": Path(folder) / "local", "index": type(settings.index)("local"), "catalog": None}
        )
        other = settings.model_copy(update={"data_dir": Path(folder) / "other"})
        ensure_empty(other)
        with closing(Engine.open(local)) as one, closing(Engine.open(other)) as two, erased(two):
            report = compare(one, two, found, given)
    print(json.dumps(report, indent=2))
    if given.json:
        given.json.write_text(json.dumps(report, indent=2) + "\n")


def ensure_other(settings: Settings) -> None:
    """Refuse to compare the local index with itself.

    Errors:
        BadInput: the settings name no other.
    """
    if settings.milvus is None:
        raise BadInput("it is the local one, with which it would be compared", field="QA_INDEX", remedy="name a Milvus")


def ensure_empty(settings: Settings) -> None:
    """Refuse a catalogue in which the articles of others are: the set would join them.

    Errors:
        BadInput: it holds something.
    """
    with closing(open_catalog(settings, unfinished=True)) as catalog, catalog.read() as connection:
        if not copying.is_empty(connection):
            raise BadInput("it holds articles already", field="QA_CATALOG", remedy="name an empty database, or none")


@contextmanager
def erased(engine: Engine) -> Iterator[None]:
    """Remove what the index has of every collection, whatever happened."""
    try:
        yield
    finally:
        with engine.catalog.writer_lock():
            with engine.catalog.read() as connection:
                found = collections.every(connection)
            for one in found:
                engine.generations.erase(one.row)


def compare(one: Engine, two: Engine, found: RankingSet, given: argparse.Namespace) -> dict[str, Any]:
    """Take the articles into both, ask both, and tell how alike they are; `one` is the local one."""
    articles = list(found.articles)[: given.articles]
    kept = {article.id for article in articles}
    seconds = {}
    for name, engine in (("local", one), ("other", two)):
        started = time.monotonic()
        list(engine.ingest(articles))
        seconds[name] = round(time.monotonic() - started, 1)
    asked = [question for question in found.questions if question.relevance.keys() & kept]
    asked = asked[:: max(1, len(asked) // given.questions)][: given.questions]
    recalls: dict[str, list[float]] = {f"{leg}@{depth}": [] for leg in LEGS for depth in (10, 100)}
    same, times = [], {"local": [], "other": []}
    for question in asked:
        for key, value in leg_recalls(two, question.text):
            recalls[key].append(value)
        answers = []
        for name, engine in (("local", one), ("other", two)):
            started = time.perf_counter()
            result = engine.ask(Ask(question.text, top_k=10))
            times[name].append((time.perf_counter() - started) * 1e3)
            answers.append([(passage.passage_id, round(passage.score, 6)) for passage in result.passages])
        same.append(answers[0] == answers[1])
    return {
        "set": given.set.name,
        "articles": len(articles),
        "questions": len(asked),
        "ingest_s": seconds,
        "recall": {key: round(statistics.fmean(values), 4) for key, values in recalls.items()},
        "same_ten_with_same_scores": round(statistics.fmean(same), 4),
        "ndcg@10": {name: round(ndcg(engine, asked), 4) for name, engine in (("local", one), ("other", two))},
        "p50_ms": {name: round(statistics.median(values), 1) for name, values in times.items()},
    }


def leg_recalls(engine: Engine, question: str) -> Iterator[tuple[str, float]]:
    """Give, by leg and depth (`words@10`), the share of the exact best that are nominated for a question."""
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    vector, words = engine.encoder.encode_queries([encoder_fold(question)])[0], engine.tokenizer.words(question)
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        every = passages.candidates(
            connection, entries.added(connection, collection.row, -1, snapshot.seq), snapshot.seq
        )
        query = word_query(connection, collection, words)
        evidence = gather(vector, query, every, engine.segments)
    keys = np.array([one.key for one in every])
    scores = evidence.window, evidence.sentence, evidence.lexical
    for leg, exact, nominated in zip(LEGS, scores, snapshot.nominate(vector, query, NOMINEES), strict=True):
        for depth in (10, 100):
            yield f"{leg}@{depth}", recall(keys, exact, set(nominated.tolist()), depth)


def recall(keys: Any, scores: Any, nominated: set[int], depth: int) -> float:
    """Give the share of the `depth` best keys (n,) by score (n,) that are nominated; of equals any will do."""
    matching = scores > 0
    keys, scores = keys[matching], np.round(scores[matching], 6)
    wanted = min(depth, len(keys))
    if not wanted:
        return 1.0
    last = np.sort(scores)[::-1][wanted - 1]
    above, tied = set(keys[scores > last].tolist()), set(keys[scores == last].tolist())
    return (len(above & nominated) + min(len(tied & nominated), wanted - len(above))) / wanted


def ndcg(engine: Engine, asked: Sequence[JudgedQuestion]) -> float:
    """Each question has one article; its gain is 1."""
    gains = []
    for question in asked:
        ranked = [article for article, _ in engine.rank(question.text, depth=10)]
        places = [place for place, article in enumerate(ranked) if article in question.relevance]
        gains.append(1 / math.log2(places[0] + 2) if places else 0.0)
    return statistics.fmean(gains)


if __name__ == "__main__":
    main()
