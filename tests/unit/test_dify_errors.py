"""Dify's external knowledge API: every error has the protocol's shape, code and a status that Dify understands."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from qa_service.config import Settings
from qa_service.http import create_app
from tests.http.fake_engine import FakeEngine, unavailable

GOOD = {"Authorization": "Bearer right"}
BODY: dict[str, Any] = {
    "knowledge_id": "default",
    "query": "a",
    "retrieval_setting": {"top_k": 3, "score_threshold": 0.0},
}


@cache
def application(key: str | None) -> tuple[Flask, FakeEngine]:
    fake = FakeEngine()
    settings = Settings(api_key=SecretStr(key) if key else None)
    return create_app(settings, fake), fake  # type: ignore[arg-type]


@pytest.fixture
def guarded() -> FlaskClient:
    app, fake = application("right")
    fake.reset()
    return app.test_client()


@pytest.fixture(params=["right", None], ids=["with a key", "without"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    """Give a client that sends the key, of a service that asks for it and of one that does not."""
    app, fake = application(request.param)
    fake.reset()
    found = app.test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = GOOD["Authorization"]
    return found


def assert_error(answer: TestResponse, status: int, code: int, words: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.data)
    assert set(body) == {"error_code", "error_msg"}
    assert body["error_code"] == code
    assert words in body["error_msg"]
    assert body["error_msg"]


@pytest.mark.parametrize("body", [{"json": BODY}, {}], ids=["question", "probe"])
@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, 1001),
        ("right", 1001),
        ("Basic right", 1001),
        ("Bearer", 1001),
        ("Bearer ", 1001),
        ("Bearer right too", 1001),
        ("Bearer wrong", 1002),
        ("Bearer rightly", 1002),
    ],
)
def test_a_refused_key_is_403(guarded: FlaskClient, header: str | None, code: int, body: dict[str, Any]) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = guarded.post("/retrieval", headers=headers, **body)
    assert_error(answer, 403, code, "Authorization")
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("header", ["right", "Basic right", "Bearer", "Bearer right too"])
def test_a_malformed_key_is_named_where_none_is_asked_for(header: str) -> None:
    app, _ = application(None)
    answer = app.test_client().post("/retrieval", headers={"Authorization": header}, json=BODY)
    assert_error(answer, 403, 1001)
    assert app.test_client().post("/retrieval", headers={"Authorization": "Bearer x"}, json=BODY).status_code == 200
    assert app.test_client().post("/retrieval", json=BODY).status_code == 200


def test_the_key_may_come_in_any_case_of_bearer(guarded: FlaskClient) -> None:
    assert guarded.post("/retrieval", headers={"Authorization": "bearer right"}, json=BODY).status_code == 200


@pytest.mark.parametrize(
    "probe",
    [{}, {"data": b""}, {"data": b"", "content_type": "application/json"}, {"json": {}}],
    ids=["nothing", "no bytes", "no bytes of JSON", "an empty object"],
)
def test_the_probe_at_registration_passes(client: FlaskClient, probe: dict[str, Any]) -> None:
    assert_error(client.post("/retrieval", **probe), 400, 400)


@pytest.mark.parametrize("name", ["other", "", " ", "../x", "a b", "x" * 65, "{{#start.id#}}", "新闻", "a\nb", "\x00"])
def test_an_unknown_knowledge_is_404(client: FlaskClient, name: str) -> None:
    assert_error(client.post("/retrieval", json={**BODY, "knowledge_id": name}), 404, 2001, "knowledge_id")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("knowledge null", {"knowledge_id": None}, "knowledge_id"),
    ("knowledge number", {"knowledge_id": 5}, "knowledge_id"),
    ("query null", {"query": None}, "query"),
    ("query empty", {"query": ""}, "query"),
    ("query blank", {"query": " \n"}, "query"),
    ("query of signs", {"query": "？？"}, "query"),
    ("query too long", {"query": "a" * 4001}, "query"),
    ("query with U+0000", {"query": "a\0"}, "query"),
    ("setting list", {"retrieval_setting": []}, "retrieval_setting"),
    ("top_k 0", {"retrieval_setting": {"top_k": 0}}, "retrieval_setting.top_k"),
    ("top_k negative", {"retrieval_setting": {"top_k": -1}}, "retrieval_setting.top_k"),
    ("top_k text", {"retrieval_setting": {"top_k": "3"}}, "retrieval_setting.top_k"),
    ("threshold above 1", {"retrieval_setting": {"score_threshold": 1.1}}, "retrieval_setting.score_threshold"),
    ("threshold below 0", {"retrieval_setting": {"score_threshold": -0.1}}, "retrieval_setting.score_threshold"),
    ("threshold text", {"retrieval_setting": {"score_threshold": "0.5"}}, "retrieval_setting.score_threshold"),
    ("enabled", {"retrieval_setting": {"score_threshold_enabled": "yes"}}, "retrieval_setting.score_threshold_enabled"),
    ("condition list", {"metadata_condition": []}, "metadata_condition"),
    ("condition text", {"metadata_condition": "topic=health"}, "metadata_condition"),
    ("logic", {"metadata_condition": {"logical_operator": "xor"}}, "metadata_condition.logical_operator"),
    ("conditions", {"metadata_condition": {"conditions": {}}}, "metadata_condition.conditions"),
]


@pytest.mark.parametrize(("change", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    assert_error(client.post("/retrieval", json={**BODY, **change}), 400, 400, f"{field}: ")


@pytest.mark.parametrize("name", ["knowledge_id", "query"])
def test_what_is_required(client: FlaskClient, name: str) -> None:
    answer = client.post("/retrieval", json={key: value for key, value in BODY.items() if key != name})
    assert_error(answer, 400, 400, f"{name}: is required")


CONDITION = {"name": "topic", "comparison_operator": "is", "value": "health"}
BAD_CONDITIONS: list[tuple[Any, str]] = [
    (None, ""),
    ("topic", ""),
    ({**CONDITION, "comparison_operator": "like"}, ".comparison_operator"),
    ({**CONDITION, "comparison_operator": None}, ".comparison_operator"),
    ({**CONDITION, "name": None}, ".name"),
    ({**CONDITION, "name": 5}, ".name"),
    ({**CONDITION, "value": None}, ".value"),
    ({**CONDITION, "value": {"a": 1}}, ".value"),
    ({**CONDITION, "comparison_operator": ">", "value": "many"}, ".value"),
    ({**CONDITION, "comparison_operator": "before", "value": "soon"}, ".value"),
]


@pytest.mark.parametrize(("condition", "place"), BAD_CONDITIONS)
def test_bad_conditions_are_named(client: FlaskClient, condition: Any, place: str) -> None:
    answer = client.post("/retrieval", json={**BODY, "metadata_condition": {"conditions": [CONDITION, condition]}})
    assert_error(answer, 400, 400, f"metadata_condition.conditions[1]{place}: ")


@pytest.mark.parametrize(
    ("operator", "value", "said"),
    [
        ("is", None, "is null (use `empty` or `not empty`)"),
        ("is", ["a"], "(use `in` with a list)"),
        ("start with", 5, "must be a text for start with, not 5"),
        ("not contains", " ", "is blank (give at least one character, or use `empty` or `not empty`)"),
        ("not in", 5, "must be a list for not in, not 5"),
        (">=", [], "must be a number or a date for ≥, not a list"),
        ("<", None, "must be a number or a date for <, not null"),
    ],
)
def test_operators_are_called_as_the_protocol_calls_them(
    client: FlaskClient, operator: str, value: Any, said: str
) -> None:
    condition = {"name": "topic", "comparison_operator": operator, "value": value}
    answer = client.post("/retrieval", json={**BODY, "metadata_condition": {"conditions": [condition]}})
    assert_error(answer, 400, 400, "metadata_condition.conditions[0].value: ")
    assert said in answer.get_json()["error_msg"]


PLACEHOLDERS = ["{{#start.topic#}}", "{{topic}}", " {{ topic }}\n", "health {{#1711.text#}}", "{{#sys.query#}}"]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize("field", ["name", "value", "list"])
def test_unresolved_placeholders_in_conditions(client: FlaskClient, placeholder: str, field: str) -> None:
    change = {"value": ["health", placeholder]} if field == "list" else {field: placeholder}
    place = "value[1]" if field == "list" else field
    condition = {**CONDITION, "comparison_operator": "in" if field == "list" else "is", **change}
    answer = client.post("/retrieval", json={**BODY, "metadata_condition": {"conditions": [condition]}})
    assert_error(answer, 400, 400, f"metadata_condition.conditions[0].{place}: holds a placeholder")


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_unresolved_placeholders_in_the_query(client: FlaskClient, placeholder: str) -> None:
    answer = client.post("/retrieval", json={**BODY, "query": placeholder})
    assert_error(answer, 400, 400, "query: holds a placeholder")


def test_a_service_that_cannot_answer_is_503(client: FlaskClient) -> None:
    application("right")[1].failure = application(None)[1].failure = unavailable()
    answer = client.post("/retrieval", json=BODY)
    assert_error(answer, 503, 503, "catalogue")
    assert answer.headers["Retry-After"]


def test_an_unforeseen_error_is_500(client: FlaskClient) -> None:
    application("right")[1].failure = application(None)[1].failure = RuntimeError("private")
    answer = client.post("/retrieval", json=BODY)
    assert_error(answer, 500, 500)
    assert "private" not in answer.text


def test_while_loading_a_good_key_gets_503_and_a_bad_one_403(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.http.host.EngineHost.start", lambda self: None)
    loading = create_app(Settings(api_key=SecretStr("right")), None).test_client()
    for body in ({"json": BODY}, {}):
        answer = loading.post("/retrieval", headers=GOOD, **body)
        assert_error(answer, 503, 503, "loaded")
        assert answer.headers["Retry-After"]
        assert_error(loading.post("/retrieval", headers={"Authorization": "Bearer bad"}, **body), 403, 1002)
