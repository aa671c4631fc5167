"""The same answers, to the last digit, wherever passages are searched and stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends import leg_recalls

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from tests.conformance.articles import QUESTIONS, ask, shown, submission

SMALL = 40
LARGE = 360

FILTERS: list[dict[str, Any]] = [
    {"type": "eq", "key": "town", "value": "长安"},
    {"type": "gt", "key": "year", "value": 900},
    {"type": "nin", "key": "n", "value": list(range(20))},
    {"type": "contains", "key": "tags", "value": "石桥"},
    {"type": "after", "key": "published_at", "value": "2018-01-01"},
    {
        "type": "and",
        "filters": [{"type": "gte", "key": "n", "value": 5}, {"type": "ne", "key": "town", "value": "洛阳"}],
    },
    {"type": "eq", "key": "town", "value": '"] or key > 0 or article in [1'},
]


def reference(cache_dir: Path, tmp_path: Path, given: range) -> Engine:
    """Give the local index over the file, with the same articles."""
    settings = Settings(
        data_dir=tmp_path / "reference", cache_dir=cache_dir, model="toy", min_confidence=0.0, min_free_mb=0
    )
    engine = Engine.open(settings, ToyEncoder())
    list(engine.ingest(map(submission, given)))
    return engine


@pytest.fixture
def filled(engine: Engine) -> Engine:
    list(engine.ingest(map(submission, range(SMALL))))
    return engine


def test_answers_are_equal_to_those_of_the_local_index(filled: Engine, cache_dir: Path, tmp_path: Path) -> None:
    local = reference(cache_dir, tmp_path, range(SMALL))
    for question in QUESTIONS:
        assert shown(filled.ask(ask(question))) == shown(local.ask(ask(question)))
    local.close()


def test_filtered_answers_are_equal_too(
    filled: Engine, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a large collection: the index has to find what a filter admits.
    monkeypatch.setattr("qa_service.retrieval.ranking.FEW_ADMITTED", 0)
    local = reference(cache_dir, tmp_path, range(SMALL))
    for given in FILTERS:
        tree = parse_filter(given)
        for question in QUESTIONS[:3]:
            assert shown(filled.ask(ask(question, filters=tree))) == shown(local.ask(ask(question, filters=tree)))
    local.close()


def test_explanations_are_equal_too(filled: Engine, cache_dir: Path, tmp_path: Path) -> None:
    local = reference(cache_dir, tmp_path, range(SMALL))
    mine, theirs = (one.ask(ask(QUESTIONS[0], explain=True)).explain for one in (filled, local))
    assert mine is not None
    assert mine == theirs
    local.close()


def test_each_leg_finds_what_going_through_everything_finds(engine: Engine) -> None:
    list(engine.ingest(map(submission, range(LARGE))))
    recalls: dict[str, list[float]] = {}
    for question in QUESTIONS:
        for leg, recall in leg_recalls(engine, question):
            recalls.setdefault(leg, []).append(recall)
    found = {leg: np.mean(values) >= 0.99 for leg, values in recalls.items() if leg.endswith("@10")}
    assert found == {"windows@10": True, "sentences@10": True, "words@10": True}, recalls
