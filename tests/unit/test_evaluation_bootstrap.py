"""Intervals have the width that the questions' dependence gives them."""

from __future__ import annotations

import math

import pytest

from qa_service.evaluation.bootstrap import Estimate, estimate, estimate_differences
from qa_service.evaluation.measures import measures_of
from qa_service.evaluation.records import Record
from tests.unit.evaluated import mixed, record, unanswered


def estimates(records: list[Record]) -> dict[str, Estimate]:
    return estimate(measures_of(records), [one.cluster for one in records])


def width(one: Estimate) -> float:
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def test_interval_of_a_share_is_that_of_the_binomial() -> None:
    records = [record(number, 1 if number % 4 else None) for number in range(400)]
    found = estimates(records)["Recall@1"]
    assert found.value == 0.75
    assert width(found) == pytest.approx(2 * 1.96 * math.sqrt(0.75 * 0.25 / 400), rel=0.1)
    assert found.questions == 400


def test_questions_of_one_article_that_fall_together_widen_it() -> None:
    alone = [record(number, 1 if number % 4 else None) for number in range(400)]
    together = [record(number, 1 if (number // 10) % 4 else None, cluster=number // 10) for number in range(400)]
    ratio = width(estimates(together)["Recall@1"]) / width(estimates(alone)["Recall@1"])
    assert ratio == pytest.approx(math.sqrt(10), rel=0.2)


def test_intervals_hold_their_values_and_come_out_the_same_again() -> None:
    records = mixed()
    found = estimates(records)
    for name in ("nDCG@10", "MRR@10", "Recall@10", "Answer has gold", "AUROC taken_out", "Brier", "Right kept"):
        one = found[name]
        assert one.low is not None, name
        assert one.high is not None, name
        assert one.value is not None, name
        assert one.low < one.value < one.high, name
    assert estimates(records) == found


def test_one_article_gives_no_interval() -> None:
    found = estimates([record(1, cluster=0), record(2, None, cluster=0)])["Recall@1"]
    assert (found.value, found.low, found.high) == (0.5, None, None)


def test_what_is_certain_has_no_width() -> None:
    assert width(estimates([record(number) for number in range(20)])["Recall@1"]) == 0


def test_measures_that_the_questions_do_not_allow_are_left_out() -> None:
    assert "Answer has gold" not in estimates([record(1, None), record(2, None)])
    plain = estimates([record(1), record(2)])
    assert not [name for name in plain if name.startswith(("AUROC", "ECE", "Brier", "Answered"))]
    kinds = estimates([record(1), record(2), unanswered(1, 0.1, "far"), unanswered(2, 0.95, "near")])
    assert (kinds["AUROC far"].value, kinds["AUROC near"].value) == (1.0, 0.0)
    assert (kinds["Answered far"].value, kinds["Answered near"].value) == (0.0, 1.0)
    assert "ECE" not in kinds


def test_questions_of_files_leave_the_calibration_alone() -> None:
    records = mixed()
    more = [*records, *(unanswered(1000 + number, 1.0, "other_domain") for number in range(50))]
    assert estimates(more)["ECE"].value == pytest.approx(estimates(records)["ECE"].value)
    assert estimates(more)["Brier"].value == pytest.approx(estimates(records)["Brier"].value)


def test_paired_differences_are_narrower_than_the_intervals() -> None:
    old = mixed()
    new = [*old]
    new[0] = record(0, 2, old[0].confidence, cluster=0)
    found = estimate_differences(measures_of(old), measures_of(new), [one.cluster for one in old])
    before, now, difference = found["MRR@10"]
    assert difference.value == pytest.approx((now.value or 0) - (before.value or 0))
    assert width(difference) < width(now) / 3
