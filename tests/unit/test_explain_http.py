"""`POST /v1/explain`: the response as documented, and the errors."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.explain_schemas import AccountOut, ExplainRequest, ExplainResponse
from tests.conftest import add, article
from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem

QUESTION = "末班车几点开出？"
BUS = "夜间巴士每二十分钟一班。末班车在凌晨三点开出。\r\n票价为十元。"
PATH = "/v1/explain"


@pytest.fixture
def served(engine: Engine) -> FlaskClient:
    add(engine, {"bus": BUS, "store": "第3号仓库存放着21箱货物。", "menu": "首页 | 新闻 | 联系我们 | 网站地图"})
    list(engine.ingest([article("责任", "責(zé)任在班车公司。")]))
    return create_app(engine.settings, engine).test_client()


@pytest.mark.parametrize("name", ["bus", "store", "menu"])
def test_every_stage_has_the_documented_shape(served: FlaskClient, name: str) -> None:
    body = served.post(PATH, json={"question": QUESTION, "article_id": name}).get_json()
    ExplainResponse.model_validate(body)
    assert (body["question"], body["collection"], body["article_id"]) == (QUESTION, "default", name)
    assert body["result"]["stage"] == ("not_searched" if name == "menu" else "returned")
    assert set(body) == set(ExplainResponse.model_fields)
    if name == "menu":
        assert all(body[field] is None for field in AccountOut.model_fields)


def test_a_returned_passage_as_the_answer_has_it(served: FlaskClient) -> None:
    answer = served.post("/v1/ask", json={"question": QUESTION, "explain": True}).get_json()
    for passage, explained in zip(answer["passages"], answer["explain"]["passages"], strict=True):
        body = served.post(PATH, json={"question": QUESTION, "passage_id": passage["passage_id"]}).get_json()
        ExplainResponse.model_validate(body)
        assert body["result"] | {"reason": ""} == {
            "stage": "returned",
            "rank": passage["rank"],
            "score": passage["score"],
            "reason": "",
        }
        for field in ("fused", "refined", "features", "calibration", "matched_idf_share"):
            assert body[field] == explained[field], field
        assert body["generation"] == answer["generation"]


def test_options_of_the_question_count(served: FlaskClient) -> None:
    tree = {"type": "eq", "key": "article_id", "value": "store"}
    asked: dict[str, Any] = {"question": QUESTION, "article_id": "bus", "filters": tree, "top_k": 1}
    body = served.post(PATH, json=asked).get_json()
    assert body["result"]["stage"] == "filtered"
    assert body["failed_conditions"] == [{"key": "article_id", "type": "eq", "values": ["bus"]}]
    history = [{"role": "user", "content": QUESTION}]
    body = served.post(PATH, json={"question": "那票价呢?", "article_id": "bus", "history": history}).get_json()
    ExplainResponse.model_validate(body)
    assert body["reading"]["kind"]
    body = served.post(PATH, json={"question": "谁的责任?", "article_id": "责任", "text_form": "repaired"}).get_json()
    assert body["best_sentence"]["text"] == "責任在班车公司。"
    assert (body["best_sentence"]["start"], body["best_sentence"]["end"]) == (0, 12)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"article_id": "nowhere"}, "article_id"),
        ({"passage_id": "nowhere"}, "passage_id"),
        ({"article_id": "bus", "collection": "absent"}, "collection"),
    ],
)
def test_what_does_not_exist(served: FlaskClient, given: dict[str, str], field: str) -> None:
    problem = assert_problem(served.post(PATH, json={"question": "a", **given}), 404, "not-found", field=field)
    assert given.get("collection", "nowhere") in problem["detail"]
    assert problem["errors"][0]["remedy"]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no target", {}, "body"),
    ("null targets", {"article_id": None, "passage_id": None}, "body"),
    ("two targets", {"article_id": "a", "passage_id": "b"}, "body"),
    ("number", {"article_id": 5}, "article_id"),
    ("empty article", {"article_id": ""}, "article_id"),
    ("control character", {"article_id": "a\u0007"}, "article_id"),
    ("empty passage", {"passage_id": ""}, "passage_id"),
    ("long passage", {"passage_id": "f" * 201}, "passage_id"),
    ("top_k", {"article_id": "a", "top_k": 51}, "top_k"),
    ("filter", {"article_id": "a", "filters": {"type": "like"}}, "filters.type"),
    ("freshness", {"article_id": "a", "freshness": {}}, "freshness.half_life_days"),
    ("history", {"article_id": "a", "history": [{"role": "robot", "content": ""}]}, "history[0].role"),
    ("explain is not of it", {"article_id": "a", "explain": True}, "explain"),
]


@pytest.mark.parametrize(("given", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_requests(client: FlaskClient, given: dict[str, Any], field: str) -> None:
    problem = assert_problem(client.post(PATH, json={"question": "a", **given}), 422, "invalid-input", field=field)
    assert problem["errors"][0]["remedy"]


def test_bad_questions(served: FlaskClient) -> None:
    for question in ("", " ", "?", "\u0007a"):
        answer = served.post(PATH, json={"question": question, "article_id": "bus"})
        assert_problem(answer, 422, "invalid-input", field="question")


def test_the_document(client: FlaskClient, fake: FakeEngine) -> None:
    document = client.get("/openapi.json").get_json()
    operation = document["paths"][PATH]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ExplainRequest")
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/ExplainResponse")
    known = document["components"]["schemas"]
    for example in known["ExplainRequest"]["examples"]:
        ExplainRequest.model_validate(example)
    stages = known["VerdictOut"]["properties"]["stage"]["enum"]
    assert stages == ["not_searched", "filtered", "not_nominated", "outranked", "copy", "returned"]
    assert "AskRequest" in known
