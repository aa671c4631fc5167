"""Records of made-up runs, for tests of what is computed from them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from qa_service.evaluation.bootstrap import estimate
from qa_service.evaluation.datasets import ANSWERABLE, TAKEN_OUT
from qa_service.evaluation.measures import measures_of
from qa_service.evaluation.measuring import IngestFigures, Latencies
from qa_service.evaluation.metrics import question_measures
from qa_service.evaluation.records import Record
from qa_service.evaluation.report import Conditions, Report

CONDITIONS = Conditions("set.json", "ranking", 0.5, 0)


def record(
    number: int, rank: int | None = 1, confidence: float = 0.9, cluster: int | None = None, **given: object
) -> Record:
    """Make an answerable question's record with its right article at a rank."""
    order = [f"w{place}" for place in range(1, (rank or 100))] + (["right"] if rank else [])
    fields: dict[str, object] = {
        "id": f"q{number}",
        "question": f"question {number}?",
        "kind": ANSWERABLE,
        "cluster": f"a{number if cluster is None else cluster}",
        "confidence": confidence,
        "answered": confidence >= 0.5,
        "right_first": rank == 1,
        "right": ("right",),
        "ranks": (rank,) if rank else (),
        "first": tuple(order[:10]),
        "values": question_measures({"q": order}, {"q": {"right": 1}})["q"],
        "answer": "an answer",
        "answer_has_gold": True if rank == 1 else None,
        "sentence_has_gold": True if rank == 1 else None,
    }
    return Record(**{**fields, **given})  # type: ignore[arg-type]


def unanswered(number: int, confidence: float, kind: str = TAKEN_OUT, **given: object) -> Record:
    """Make the record of a question that is not answered by the set."""
    fields: dict[str, object] = {"id": f"u{number}", "question": f"unanswered {number}?", "kind": kind}
    fields.update(cluster=f"t{number}", confidence=confidence, answered=confidence >= 0.5)
    return Record(**{**fields, **given})  # type: ignore[arg-type]


def mixed(count: int = 200, seed: int = 7) -> list[Record]:
    """Make a plausible run: three in four right first, five questions an article, half as many unanswered."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        rank = 1 if chance.random() < 0.75 else chance.choice([2, 3, 8, 40, None])
        confidence = chance.uniform(0.4, 1) if rank == 1 else chance.uniform(0.2, 0.8)
        gold = chance.random() < 0.8 if rank == 1 else None
        found.append(
            record(number, rank, confidence, cluster=number // 5, answer_has_gold=gold, sentence_has_gold=gold)
        )
    return found + [
        unanswered(number, chance.uniform(0, 0.6), cluster=f"t{number // 5}") for number in range(count // 2)
    ]


def report(records: Sequence[Record], conditions: Conditions = CONDITIONS) -> Report:
    """Make a report of records."""
    estimates = estimate(measures_of(records), [one.cluster for one in records])
    latencies = Latencies({"total": [10.0, 12.0, 30.0]})
    return Report(conditions, "toy", 0.5, estimates, IngestFigures(3, 4, 1.0), 3, latencies, tuple(records))
