"""The model that the soak compares answers with, and what it and the overload count as wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest
from load_articles import question, text, word
from load_client import Answer
from overload import malformed
from soak import Minute, Soak, Summary, check
from soak_model import Model


def answer(status: int, body: object, asked: float = 0, came: float = 0, **headers: str) -> Answer:
    found: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, found, json.dumps(body).encode(), asked, came)


def changed(model: Model, number: int, begin: float, end: float, *, deletes: bool = False) -> None:
    change = model.begin(number, deletes=deletes)
    change.begin, change.end = begin, end


def test_what_may_be_seen_is_what_was_there_at_any_moment() -> None:
    model = Model(10)
    changed(model, 1, 10, 11)
    changed(model, 1, 20, 21)
    changed(model, 1, 30, 31, deletes=True)
    changed(model, 1, 40, math.inf)
    for asked, came, seen in (
        (1, 2, {None}),
        (9, 10.5, {None, 1}),
        (10.5, 15, {None, 1}),
        (11, 12, {1}),
        (15, 35, {1, 2, None}),
        (22, 29, {2}),
        (31, 39, {None}),
        (39, 41, {None, 3}),
        (50, 51, {None, 3}),
    ):
        assert model.versions(1, asked, came) == seen, (asked, came)
    assert model.versions(2, 0, 100) == {None}
    assert model.is_there(1)
    assert not model.is_there(2)


def test_every_version_has_a_word_of_its_own() -> None:
    words = [word(number, version) for number in range(30) for version in range(1, 30)]
    assert len(set(words)) == len(words)
    assert all(one.isalpha() and one.isascii() for one in words)
    for number, version in ((0, 1), (7, 3)):
        assert word(number, version) in text(number, version)
        assert word(number, version) in question(number, version)
        assert text(number, version) == text(number, version)


def passage(number: int, version: int, end: int | None = None) -> dict[str, object]:
    whole = text(number, version)
    end = len(whole) if end is None else end
    return {"article_id": str(number), "text": whole[:end], "start": 0, "end": end, "also_in": []}


@pytest.mark.parametrize(
    ("passages", "wrong"),
    [
        ([passage(1, 2)], None),
        ([passage(1, 2, 10)], None),
        ([passage(1, 2), passage(2, 1)], None),
        ([], "missing"),
        ([passage(2, 1)], "missing"),
        ([passage(1, 1)], "stale or wrong"),
        ([passage(1, 2), passage(3, 1)], "stale or wrong"),
        ([{**passage(1, 2), "text": "something else"}], "stale or wrong"),
    ],
)
def test_an_answer_is_wrong_when_it_shows_what_is_not_there_or_not_what_is(
    passages: list[dict[str, object]], wrong: str | None
) -> None:
    model = Model(10)
    changed(model, 1, 1, 2)
    changed(model, 1, 3, 4)
    changed(model, 2, 1, 2)
    changed(model, 3, 1, 2)
    changed(model, 3, 3, 4, deletes=True)
    soak = Soak(0, model, 60)
    check(soak, 1, 2, answer(200, {"passages": passages}, 10, 11))
    assert {name for name in ("missing", "stale or wrong") if soak.counts[name]} == ({wrong} if wrong else set())
    assert bool(soak.wrong) == bool(wrong)


def test_memory_is_compared_from_the_warm_up_on_and_p99_with_the_first_minute() -> None:
    minutes = [Minute([10.0] * 100, 0, [memory, memory + 500]) for memory in (100, 200, 210, 220, 210, 210)]
    minutes[3].ms = [10.0] * 98 + [25.0] * 2
    summary = Summary.of(minutes)
    assert summary.growth == pytest.approx(0.05)
    assert summary.times == 2.5


NATIVE = {"type": "urn:qa-service:problem:overloaded", "status": 503, "errors": [{"problem": "x"}]}
OPENAI = {"error": {"message": "x", "type": "server_error", "param": None, "code": "overloaded"}}
DIFY = {"error_code": 503, "error_msg": "x"}
PROBLEM, JSON = "application/problem+json", "application/json"


@pytest.mark.parametrize(
    ("protocol", "status", "body", "kind", "retry", "good"),
    [
        ("native", 503, NATIVE, PROBLEM, "1", True),
        ("openai", 503, OPENAI, JSON, "1", True),
        ("dify", 503, DIFY, JSON, "30", True),
        ("native", 503, NATIVE, JSON, "1", False),
        ("native", 500, {**NATIVE, "status": 500}, PROBLEM, "1", False),
        ("native", 503, NATIVE, PROBLEM, "", False),
        ("native", 503, NATIVE, PROBLEM, "soon", False),
        ("openai", 503, NATIVE, JSON, "1", False),
        ("dify", 503, OPENAI, JSON, "1", False),
        ("native", 503, [], PROBLEM, "1", False),
    ],
)
def test_a_refusal_has_the_shape_of_its_protocol(
    protocol: str, status: int, body: object, kind: str, retry: str, good: bool
) -> None:
    found = malformed(protocol, answer(status, body, content_type=kind, retry_after=retry, x_request_id="a"))
    assert (found is None) == good, found
