"""The gate lets noise pass, stops what got worse, and refuses what cannot be compared."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from qa_service.errors import BadInput
from qa_service.evaluation.gate import Comparison, compare, load_baseline
from qa_service.evaluation.records import Record
from qa_service.evaluation.report import Conditions, Report
from tests.unit.evaluated import mixed, record, report, unanswered


def gated(tmp_path: Path, before: Report, now: Report, tolerance: float = 0.002) -> Comparison:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(before.as_dict()), encoding="utf-8")
    return compare(load_baseline(path), now, tolerance)


def shifted(records: list[Record], share: float, worse: bool, seed: int = 3) -> list[Record]:
    """Give a share of the questions another rank: at random up or down, or down only."""
    chance = random.Random(seed)
    moved = []
    for number, one in enumerate(records):
        if one.answerable and chance.random() < share:
            rank = chance.choice([2, 5, 20]) if worse else chance.choice([1, 1, 1, 2, 8, None])
            moved.append(record(number, rank, one.confidence, cluster=number // 5))
        else:
            moved.append(one)
    return moved


def test_passes_on_itself(tmp_path: Path) -> None:
    run = report(mixed())
    found = gated(tmp_path, run, run)
    assert found.questions == 300
    assert not found.fallen
    assert {change.difference.value for change in found.changes} == {0.0}
    assert [change.name for change in found.changes] == list(run.estimates)


def test_a_saved_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = report(
        [*mixed(20), record(900, 2, anchors=("it's <here>",), anchor_found=False), unanswered(901, 0.7, "far")]
    )
    (tmp_path / "saved.json").write_text(json.dumps(run.as_dict()), encoding="utf-8")
    baseline = load_baseline(tmp_path / "saved.json")
    assert baseline.records == run.records
    assert baseline.conditions == run.conditions


def test_a_worse_ranking_fails(tmp_path: Path) -> None:
    records = mixed()
    found = gated(tmp_path, report(records), report(shifted(records, 0.3, worse=True)))
    fallen = {change.name for change in found.fallen}
    assert {"nDCG@10", "MRR@10", "Recall@1"} <= fallen
    assert "AUROC taken_out" not in fallen


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_fail_it(tmp_path: Path, seed: int) -> None:
    records = [record(number, 1 if number % 4 else None, cluster=number // 5) for number in range(400)]
    chance = random.Random(seed)
    swapped = chance.sample(range(100), 20)
    moved = list(records)
    for place in swapped[:10]:
        moved[place * 4] = record(place * 4, 1, cluster=place * 4 // 5)
    for place in swapped[10:]:
        moved[place * 4 + 1] = record(place * 4 + 1, None, cluster=(place * 4 + 1) // 5)
    assert not gated(tmp_path, report(records), report(moved)).fallen


def test_measures_that_should_be_low_fail_when_they_rise(tmp_path: Path) -> None:
    records = mixed()
    loud = [one if one.answerable else replace(one, confidence=0.95, answered=True) for one in records]
    fallen = {change.name: change for change in gated(tmp_path, report(records), report(loud)).fallen}
    assert {"Answered taken_out", "AUROC taken_out", "ECE", "Brier"} <= set(fallen)
    assert (fallen["ECE"].difference.low or 0) > 0
    assert not gated(tmp_path, report(loud), report(records)).fallen


def test_longer_answers_never_fail(tmp_path: Path) -> None:
    records = mixed()
    wordy = [replace(one, answer="x" * 500) for one in records]
    found = gated(tmp_path, report(records), report(wordy))
    assert not found.fallen
    assert next(change for change in found.changes if change.name == "Answer length, mean").difference.value == 491


def test_tolerance_forgives_a_small_but_certain_drop(tmp_path: Path) -> None:
    records = [record(number) for number in range(2000)]
    worse = [record(number, 2) if number % 100 == 0 else one for number, one in enumerate(records)]
    assert {"nDCG@10", "MRR@10", "Recall@1"} <= {c.name for c in gated(tmp_path, report(records), report(worse)).fallen}
    forgiven = gated(tmp_path, report(records), report(worse), tolerance=0.02)
    assert not forgiven.fallen


def test_only_common_questions_are_compared(tmp_path: Path) -> None:
    old = [record(number) for number in range(40)]
    new = [*old[20:], *(record(number, None) for number in range(100, 200))]
    found = gated(tmp_path, report(old), report(new))
    assert found.questions == 20
    assert not found.fallen


def saved(**changed: object) -> str:
    return json.dumps({**report(mixed(20)).as_dict(), **changed})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "is no report of an evaluation"),
        ('{"measures": {}}', "is no report of an evaluation"),
        (saved(version=2), "is a report of version 2, this program compares version 1"),
        (saved(version="\u001b[2J" * 20), "is a report of version"),
        (saved(dataset="other.json"), "is of another set: 'other.json', not 'set.json'"),
        (saved(kind="anchors"), "is of another set"),
        (saved(seed=1), "was made with --take-out 0.5 --seed 1"),
        (saved(take_out=0.25), "was made with --take-out 0.25 --seed 0"),
        (saved(take_out="half"), "is a damaged report: take_out"),
        (saved(per_question=[]), "has no question in common"),
        (saved(per_question=[{"id": "q1"}]), "is a damaged report: 0.question"),
        (saved(per_question=[3]), "is a damaged report"),
        (saved(per_question=3), "is a damaged report"),
        (saved(per_question=[record(77).as_dict()]), "has no question in common"),
    ],
)
def test_baselines_that_cannot_be_compared(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        compare(load_baseline(path), report(mixed(20)))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\u001b" not in str(caught.value)
    if "JSON" not in message:
        assert caught.value.remedy


def test_baseline_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_baseline(tmp_path / "none.json")


def test_the_seed_counts_only_when_something_is_taken_out(tmp_path: Path) -> None:
    run = report(mixed(20), Conditions("set.json", "ranking"))
    assert gated(tmp_path, run, run).questions == 30
