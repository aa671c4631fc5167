"""What comes near to any question is no answer to this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.engine import Engine
from qa_service.retrieval import calibration
from qa_service.retrieval.calibration import FEATURES, Adjustment, Judge
from qa_service.retrieval.cohorts import COHORTS, Cohort, Cohorts
from qa_service.retrieval.query import Query
from qa_service.retrieval.ranking import rank
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.typical import Typical
from qa_service.store import collections
from qa_service.text.scripts import main_script
from tests.conftest import add

QUESTION = "图书馆哪天闭馆？"


def nothing(_: int) -> Any:
    raise AssertionError


@pytest.mark.parametrize("script", COHORTS)
def test_questions_stand_under_their_script(script: str) -> None:
    assert {main_script(question) for question in COHORTS[script]} == {script}
    assert len(set(COHORTS[script])) == len(COHORTS[script])


def test_questions_are_encoded_when_needed_and_once() -> None:
    encoder = ToyEncoder()
    cohorts = Cohorts(encoder)
    assert encoder.queries_encoded == 0
    first = cohorts.of("图书馆在哪里？", nothing)
    again = cohorts.of("圖書館在哪裡？", nothing)
    assert encoder.queries_encoded == len(COHORTS["Han"])
    assert first is not None
    assert again is not None
    assert again.mean is first.mean
    np.testing.assert_allclose(first.mean, encoder.encode_queries(COHORTS["Han"]).mean(axis=0), atol=1e-6)
    latin = cohorts.of("Where is the library?", nothing)
    assert latin is not None
    assert not np.allclose(latin.mean, first.mean)


@pytest.mark.parametrize("question", ["តើបណ្ណាល័យនៅឯណា", "2025?"])
def test_of_other_scripts_nothing_is_known(question: str) -> None:
    encoder = ToyEncoder()
    assert Cohorts(encoder).of(question, nothing) is None
    assert encoder.queries_encoded == 0


@pytest.fixture
def judged(engine: Engine) -> Any:
    """Give a function that judges the only passage, as near to the cohort as wanted: its window and its sentence."""
    add(engine, {"library": "市图书馆周一闭馆。"}, "c")
    vector = engine.encoder.encode_queries([QUESTION])[0]
    snapshot = engine.opened.snapshot("c")
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "c")
        query = Query(QUESTION, vector, engine.tokenizer.words(QUESTION))
        ranking = rank(connection, engine.segments, collection, snapshot, query, Stopwatch())
        # Of no passages the average counts nothing: what is usual is what was measured.
        typical = Typical(vector, vector, 0)

        def judge(window: float | None, sentence: float = 0.0) -> dict[str, float]:
            cohort = None
            if window is not None:
                axis = np.eye(len(vector), dtype=np.float32)[0]
                cohort = Cohort(axis, lambda _: np.outer(np.array([window, sentence], dtype=np.float32), axis))
            made = Judge(ranking, typical, Texts(connection), Adjustment(), cohort)
            return dict(zip(FEATURES, made.features(0).tolist(), strict=True)) | {"log_odds": made.log_odds(0)}

        yield judge


def test_what_is_near_to_any_question_stands_out_less(judged: Any) -> None:
    usual = calibration.USUAL[1]
    alone = judged(None)
    near = judged(usual[0] + 0.06, usual[1] + 0.05)
    assert near["window_above_typical"] == pytest.approx(alone["window_above_typical"] - 0.06, abs=1e-5)
    assert near["sentence_above_typical"] == pytest.approx(alone["sentence_above_typical"] - 0.05, abs=1e-5)
    assert near["ahead_of_others"] == pytest.approx(alone["ahead_of_others"] - 0.11, abs=1e-5)
    assert near["log_odds"] < alone["log_odds"] - 1
    assert {name for name in FEATURES if near[name] != alone[name]} == {
        "window_above_typical",
        "sentence_above_typical",
        "ahead_of_others",
    }


@pytest.mark.parametrize("more", [(-0.1, -0.1), (0.024, 0.024), (0.2, 0.01)])
def test_what_varies_between_passages_anyway_does_not_count(judged: Any, more: tuple[float, float]) -> None:
    usual = calibration.USUAL[1]
    assert judged(usual[0] + more[0], usual[1] + more[1]) == judged(None)


def test_it_counts_ever_more(judged: Any) -> None:
    usual = calibration.USUAL[1]
    odds = [judged(usual[0] + more, usual[1] + more)["log_odds"] for more in (0.02, 0.03, 0.035, 0.04, 0.06)]
    assert odds == sorted(odds, reverse=True)
    assert len(set(odds)) == len(odds)
