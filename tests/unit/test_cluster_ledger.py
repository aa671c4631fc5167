"""What the script that kills Milvus, PostgreSQL and services takes for right and wrong."""

from __future__ import annotations

import json

import pytest
from cluster_judging import answer_faults, held_fault, refusal_fault
from cluster_ledger import Ledger, Submitted
from load_articles import text
from load_client import Answer


def answer(status: int, body: object, asked: float = 0, came: float = 0, kind: str = "application/json") -> Answer:
    return Answer(status, {"content-type": kind}, json.dumps(body).encode(), asked, came)


def sent(ledger: Ledger, number: int, begin: float, *, deletes: bool = False) -> Submitted:
    change = ledger.submit(number, deletes=deletes)
    change.begin = begin
    return change


def shown(number: int, version: int) -> dict[str, object]:
    said = text(number, version)
    return {"article_id": str(number), "text": said, "start": 0, "end": len(said), "also_in": []}


def test_a_refused_change_may_happen_until_a_later_one_is_acknowledged() -> None:
    ledger = Ledger()
    ledger.acknowledge(sent(ledger, 1, 10), 11)
    sent(ledger, 1, 20)
    assert ledger.allowed(1, 5, 6) == {None}
    assert ledger.allowed(1, 12, 19) == {1}
    assert ledger.allowed(1, 100, 101) == {1, 2}
    assert ledger.held(1) == {1, 2}
    ledger.acknowledge(sent(ledger, 1, 110), 111)
    assert ledger.allowed(1, 105, 112) == {1, 2, 3}
    assert ledger.allowed(1, 112, 113) == {3}
    assert ledger.held(1) == {3}


def test_what_was_deleted_is_gone() -> None:
    ledger = Ledger()
    ledger.acknowledge(sent(ledger, 1, 10), 11)
    ledger.acknowledge(sent(ledger, 1, 20, deletes=True), 21)
    assert ledger.allowed(1, 22, 23) == {None}
    assert held_fault(ledger, 1, None) is None
    assert "is none of" in str(held_fault(ledger, 1, text(1, 1)))
    sent(ledger, 1, 30)
    assert held_fault(ledger, 1, text(1, 2)) is None


def test_what_was_never_acknowledged_may_be_there_or_not() -> None:
    ledger = Ledger()
    sent(ledger, 1, 10)
    assert ledger.held(1) == {None, 1}
    assert held_fault(ledger, 1, None) is None


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    ledger = Ledger()
    ledger.acknowledge(sent(ledger, 1, 10), 11)
    assert "is lost" in str(held_fault(ledger, 1, None))


def test_a_slow_question_may_show_what_was_replaced_often_since() -> None:
    ledger = Ledger()
    for number in range(50):
        ledger.acknowledge(sent(ledger, 1, 2 * number), 2 * number + 1)
    assert ledger.allowed(1, 100, 101) == ledger.held(1) == {50}
    assert ledger.allowed(1, 9.5, 101) == set(range(5, 51))


def test_answers_are_compared_with_the_ledger() -> None:
    ledger = Ledger()
    ledger.acknowledge(sent(ledger, 1, 10), 11)
    ledger.acknowledge(sent(ledger, 1, 20), 21)
    good = answer(200, {"passages": [shown(1, 2)]}, 30, 31)
    assert answer_faults(ledger, good, 1, 2) == []
    [stale] = answer_faults(ledger, answer(200, {"passages": [shown(1, 1)]}, 30, 31), 1, 1)
    assert "is of none of its versions" in stale
    [missing] = answer_faults(ledger, answer(200, {"passages": []}, 30, 31), 1, 2)
    assert "was not found" in missing


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (answer(503, {"status": 503, "detail": "away"}, kind="application/problem+json"), None),
        (answer(500, {"status": 500, "detail": "?"}, kind="application/problem+json"), "status 500"),
        (answer(503, {"status": 503, "detail": "away"}), "a 503 of application/json"),
        (answer(503, {"status": 503}, kind="application/problem+json"), "does not say why"),
    ],
)
def test_a_refusal_is_a_503_that_says_why(given: Answer, fault: str | None) -> None:
    found = refusal_fault(given)
    assert found is None if fault is None else fault in str(found)
