"""Filters and freshness over HTTP: what is taken, the 422 of what is not, and the document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.parsing import OPERATORS, parse_filter
from qa_service.http import create_app
from qa_service.http.schemas import AskRequest
from qa_service.types import Freshness
from tests.conftest import article
from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem

EQ = {"type": "eq", "key": "topic", "value": "health"}


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = EQ
    for _ in range(depth):
        found = {"type": "and", "filters": [found]}
    return found


def test_filters_reach_the_engine(client: FlaskClient, fake: FakeEngine) -> None:
    tree = {"type": "and", "filters": [EQ, {"type": "after", "key": "published_at", "value": "2025-05-01"}]}
    answer = client.post("/v1/ask", json={"question": "a", "filters": tree, "freshness": {"half_life_days": 7}})
    assert answer.status_code == 200
    assert fake.asked[0].filters == parse_filter(tree)
    assert fake.asked[0].freshness == Freshness(7.0, 0.2)


@pytest.mark.parametrize("body", [{}, {"filters": None, "freshness": None}])
def test_they_may_be_left_out(client: FlaskClient, fake: FakeEngine, body: dict[str, Any]) -> None:
    assert client.post("/v1/ask", json={"question": "a", **body}).status_code == 200
    assert (fake.asked[0].filters, fake.asked[0].freshness) == (None, None)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("empty", {"filters": {}}, "filters"),
    ("list", {"filters": [EQ]}, "filters"),
    ("text", {"filters": "topic=health"}, "filters"),
    ("unknown operator", {"filters": {**EQ, "type": "like"}}, "filters.type"),
    ("unknown field", {"filters": {**EQ, "boost": 2}}, "filters.boost"),
    ("no key", {"filters": {"type": "eq", "value": 1}}, "filters.key"),
    ("null value", {"filters": {**EQ, "value": None}}, "filters.value"),
    ("wrong type", {"filters": {**EQ, "type": "gt", "value": "large"}}, "filters.value"),
    ("in without a list", {"filters": {**EQ, "type": "in"}}, "filters.value"),
    ("contains a number", {"filters": {**EQ, "type": "contains", "value": 5}}, "filters.value"),
    ("deep place", {"filters": {"type": "or", "filters": [EQ, EQ, {**EQ, "value": []}]}}, "filters.filters[2].value"),
    ("too many values", {"filters": {**EQ, "type": "in", "value": ["x"] * 10_001}}, "filters.value"),
    ("too deep", {"filters": nested(50)}, "filters"),
    ("key with U+0000", {"filters": {**EQ, "key": "a\0b"}}, "filters.key"),
    ("long key", {"filters": {**EQ, "key": "k" * 300}}, "filters.key"),
    ("freshness null weight", {"freshness": {"half_life_days": 30, "weight": None}}, "freshness.weight"),
    ("freshness number", {"freshness": 30}, "freshness"),
    ("freshness without days", {"freshness": {"weight": 0.5}}, "freshness.half_life_days"),
    ("freshness 0 days", {"freshness": {"half_life_days": 0}}, "freshness.half_life_days"),
    ("freshness text", {"freshness": {"half_life_days": "30"}}, "freshness.half_life_days"),
    ("freshness heavy", {"freshness": {"half_life_days": 30, "weight": 1.5}}, "freshness.weight"),
    ("freshness unknown", {"freshness": {"half_life_days": 30, "by": "day"}}, "freshness.by"),
]


@pytest.mark.parametrize(("body", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_filters(client: FlaskClient, fake: FakeEngine, body: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/ask", json={"question": "a", **body})
    problem = assert_problem(answer, 422, "invalid-input", field=field)
    assert problem["detail"].startswith(field)
    assert problem["errors"][0]["remedy"]
    assert not fake.asked


@pytest.mark.parametrize(
    ("freshness", "remedy"),
    [
        ({"half_life_days": 0}, "use more than 0"),
        ({"half_life_days": 36501}, "use at most 36500"),
        ({"half_life_days": 1, "weight": -0.5}, "use at least 0"),
        ({"half_life_days": 1, "weight": 1.5}, "use at most 1"),
    ],
)
def test_limits_are_written_plainly(client: FlaskClient, freshness: dict[str, float], remedy: str) -> None:
    answer = client.post("/v1/ask", json={"question": "a", "freshness": freshness})
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["errors"][0]["remedy"] == remedy


def test_depth_that_only_the_parser_of_json_could_mind(client: FlaskClient, fake: FakeEngine) -> None:
    for depth in (200, 5000, 200_000):
        text = '{"type":"and","filters":[' * depth + json.dumps(EQ) + "]}" * depth
        answer = client.post("/v1/ask", data=f'{{"question":"a","filters":{text}}}', content_type="application/json")
        assert answer.status_code in (400, 422)
        assert_problem(answer, answer.status_code, "invalid-input" if answer.status_code == 422 else "malformed-json")
    assert not fake.asked


def test_ten_thousand_values(client: FlaskClient, fake: FakeEngine) -> None:
    tree = {"type": "in", "key": "article_id", "value": [f"article-{n}" for n in range(10_000)]}
    assert client.post("/v1/ask", json={"question": "a", "filters": tree}).status_code == 200
    assert fake.asked[0].filters == parse_filter(tree)


def test_whole_path(engine: Engine) -> None:
    texts = {"north": "第1号仓库存放着7箱货物。", "south": "第2号仓库存放着9箱货物。"}
    list(engine.ingest([article(key, text, metadata={"area": key}) for key, text in texts.items()]))
    client = create_app(Settings(), engine).test_client()
    tree = {"type": "eq", "key": "area", "value": "south"}
    body = client.post("/v1/ask", json={"question": "仓库有几箱货物?", "filters": tree, "explain": True}).get_json()
    assert [passage["article_id"] for passage in body["passages"]] == ["south"]
    assert body["explain"]["filters"] == {"articles": 2, "admitted": 1, "unknown_keys": []}
    tree["value"] = "east"
    body = client.post("/v1/ask", json={"question": "仓库有几箱货物?", "filters": tree}).get_json()
    assert (body["passages"], body["confidence"], body["answerable"], body["answer"]) == ([], 0.0, False, None)


def test_the_document_has_every_operator(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    found = schemas["AskRequest"]["properties"]["filters"]["anyOf"][0]
    assert set(found["discriminator"]["mapping"]) == {*OPERATORS, "and", "or"}
    for name in ("EqualFilter", "MemberFilter", "OrderFilter", "TimeFilter", "TextFilter", "PresenceFilter"):
        assert schemas[name]["additionalProperties"] is False
        assert schemas[name]["properties"]["key"]["description"]
    assert schemas["MemberFilter"]["properties"]["value"]["maxItems"] == 10_000
    assert schemas["JunctionFilter"]["properties"]["filters"]["items"]["discriminator"]


def test_examples_are_filters() -> None:
    given = [one["filters"] for one in AskRequest.model_config["json_schema_extra"]["examples"] if "filters" in one]  # type: ignore[index, call-overload]
    assert given
    for tree in given:
        parse_filter(tree)
