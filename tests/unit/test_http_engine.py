"""The whole path over HTTP with the real engine: what goes in comes out, as the document says."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.responses import (
    ArticleListResponse,
    ArticleResponse,
    ArticlesResponse,
    AskResponse,
    CollectionsResponse,
    JobResponse,
)
from tests.http.problem import assert_problem

TEXT = "\ufeff通知😀：\r\n夜间巴士每二十分钟一班。末班车在凌晨三点开出。\r\n票价为十元。"
ORIGINAL = TEXT.removeprefix("\ufeff")


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine.settings, engine).test_client()


def test_an_article_from_its_arrival_to_its_end(client: FlaskClient) -> None:
    article = {
        "id": "巴士/n8",
        "title": "夜间巴士",
        "text": TEXT,
        "url": "https://example.org/",
        "metadata": {"a": [1]},
    }
    added = client.post("/v1/articles", json={"articles": [article]}).get_json()
    ArticlesResponse.model_validate(added)
    assert added["articles"][0]["outcome"] == "created"
    again = client.post("/v1/articles", json={"articles": [article]}).get_json()
    assert again["articles"][0]["outcome"] == "unchanged"

    answer = client.post("/v1/ask", json={"question": "末班车几点开出？", "explain": True}).get_json()
    AskResponse.model_validate(answer)
    first = answer["passages"][0]
    assert (first["article_id"], first["metadata"]) == ("巴士/n8", {"a": [1]})
    for span in (first, answer["answer"]):
        assert ORIGINAL[span["start"] : span["end"]] == span["text"]
    assert answer["explain"]

    shown = client.get("/v1/articles/%E5%B7%B4%E5%A3%AB%2Fn8").get_json()
    ArticleResponse.model_validate(shown)
    assert shown["text"] == ORIGINAL
    assert {one["passage_id"] for one in shown["passages"]} >= {first["passage_id"]}
    listed = client.get("/v1/articles").get_json()
    ArticleListResponse.model_validate(listed)
    assert [one["id"] for one in listed["articles"]] == ["巴士/n8"]
    CollectionsResponse.model_validate(client.get("/v1/collections").get_json())

    assert client.delete("/v1/articles/%E5%B7%B4%E5%A3%AB%2Fn8").status_code == 204
    assert client.post("/v1/ask", json={"question": "末班车几点开出？"}).get_json()["passages"] == []
    assert_problem(client.get("/v1/articles/%E5%B7%B4%E5%A3%AB%2Fn8"), 404, "not-found")


def test_bad_articles_are_outcomes(client: FlaskClient) -> None:
    binary = {"id": "binary", "content_base64": "AAECA/8A/g==", "content_type": "text/plain"}
    articles = [
        {"id": "empty", "text": " \n"},
        binary,
        {"id": "repeated", "text": "啊" * 1_000_000},
        {"id": "good", "text": TEXT},
    ]
    answer = client.post("/v1/articles", json={"articles": articles})
    assert answer.status_code == 200, answer.text
    outcomes = {one["id"]: one for one in answer.get_json()["articles"]}
    ArticlesResponse.model_validate(answer.get_json())
    assert list(outcomes) == ["empty", "binary", "repeated", "good"]
    assert outcomes["good"]["outcome"] == "created"
    for name in ("empty", "binary"):
        assert outcomes[name]["outcome"] == "rejected"
        assert outcomes[name]["reason"]


def test_jobs_and_collections(client: FlaskClient) -> None:
    answer = client.post("/v1/articles?async=true&collection=news", json={"articles": [{"id": "a", "text": TEXT}]})
    assert answer.status_code == 202
    followed = client.get(answer.headers["Location"])
    JobResponse.model_validate(followed.get_json())
    assert followed.get_json()["job"]["total"] == 1
    assert_problem(client.get("/v1/jobs/absent"), 404, "not-found")
    assert_problem(client.post("/v1/ask", json={"question": "a", "collection": "absent"}), 404, "not-found")
    assert client.put("/v1/collections/other").status_code == 201
    assert client.put("/v1/collections/other").status_code == 200
    assert client.delete("/v1/collections/other").status_code == 204
    assert_problem(client.delete("/v1/collections/other"), 404, "not-found", field="collection")
    assert client.delete("/v1/collections/default").status_code == 204
    names = [one["name"] for one in client.get("/v1/collections").get_json()["collections"]]
    assert "default" in names


@pytest.mark.parametrize("question", ["", " \n", "a\x00", "长" * 4001])
def test_bad_questions(client: FlaskClient, question: str) -> None:
    assert_problem(client.post("/v1/ask", json={"question": question}), 422, "invalid-input", field="question")


def test_a_cursor_that_is_none(client: FlaskClient) -> None:
    assert client.get("/v1/articles?cursor=%F0%9F%98%80").status_code == 200
