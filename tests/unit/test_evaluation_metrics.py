"""Article measures: ties count against us, and the library's own tie-breaking never enters."""

from __future__ import annotations

import math

import pytest

from qa_service.evaluation.metrics import first_relevant, mean_measures, pessimistic_order


def test_ties_rank_the_right_article_last_among_equals() -> None:
    ranking = [("a", 0.9), ("right", 0.5), ("b", 0.5), ("c", 0.5), ("d", 0.1)]
    order = pessimistic_order(ranking, {"right": 1})
    assert order == ["a", "b", "c", "right", "d"]
    assert first_relevant(order, {"right": 1}) == 4


def test_graded_ties_put_the_better_grade_last() -> None:
    assert pessimistic_order([("x", 1.0), ("y", 1.0), ("z", 1.0)], {"x": 2, "y": 1}) == ["z", "y", "x"]


def test_order_between_different_scores_is_kept_even_when_they_rise() -> None:
    assert pessimistic_order([("a", 0.9), ("copy", 0.2), ("b", 0.5)], {"b": 1}) == ["a", "copy", "b"]


def test_nothing_relevant() -> None:
    assert first_relevant(["a"], {"b": 1}) is None
    assert first_relevant([], {"b": 1}) is None


def test_measures_of_one_right_article() -> None:
    orders = {
        "first": ["r1", "x"],
        "third": ["x", "y", "r2"],
        "eleventh": [*(f"x{i:02d}" for i in range(10)), "r3"],
        "missing": ["x", "y"],
    }
    qrels = {name: {f"r{i}": 1} for i, name in enumerate(orders, start=1)}
    assert mean_measures(orders, qrels) == pytest.approx(
        {
            "nDCG@10": (1 + 1 / math.log2(4)) / 4,
            "MRR@10": (1 + 1 / 3) / 4,
            "Recall@1": 1 / 4,
            "Recall@10": 2 / 4,
            "Recall@100": 3 / 4,
        }
    )


def test_questions_without_a_ranking_count_as_zero() -> None:
    assert mean_measures({"q1": ["r"], "q2": []}, {"q1": {"r": 1}, "q2": {"r": 1}, "q3": {"r": 1}})[
        "nDCG@10"
    ] == pytest.approx(1 / 3)


def test_graded_relevance() -> None:
    measures = mean_measures({"q": ["b", "a"]}, {"q": {"a": 2, "b": 1}})
    ideal = 2 + 1 / math.log2(3)
    assert measures["nDCG@10"] == pytest.approx((1 + 2 / math.log2(3)) / ideal)
    assert measures["Recall@1"] == pytest.approx(0.5)


def test_long_rankings_keep_their_order() -> None:
    order = [f"d{i:03d}" for i in range(100)]
    assert mean_measures({"q": order}, {"q": {"d099": 1}})["Recall@100"] == 1.0
    assert mean_measures({"q": order}, {"q": {"d010": 1}})["Recall@10"] == 0.0
