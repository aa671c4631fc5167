"""Reranking over HTTP: the shape that clients of Cohere and Jina read, and the errors."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.openai.rerank import MAX_CHARS, MAX_DOCUMENTS
from tests.http.fake_engine import FakeEngine
from tests.http.openai_error import assert_openai_error

PATH = "/v1/rerank"
QUERY = "第二医院的院长是谁？"
DOCUMENTS = ["图书馆周末开门。", "第二医院的院长是林月华。", " ", "第二医院在和平路。"]


def rerank(client: FlaskClient, documents: Any = DOCUMENTS, **body: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"model": "qa-rerank", "query": QUERY, "documents": documents, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    assert set(found) == {"id", "model", "results", "usage", "meta"}
    assert found["id"]
    scores = [one["relevance_score"] for one in found["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    return found


def order(found: dict[str, Any]) -> list[int]:
    return [one["index"] for one in found["results"]]


def test_the_engine_orders(engine: Engine) -> None:
    client = create_app(engine.settings, engine).test_client()
    found = rerank(client)
    assert order(found)[0] == 1
    assert sorted(order(found)) == [0, 1, 2, 3]
    assert found["results"][-1] == {"index": 2, "relevance_score": 0.0}
    tokens = sum(engine.encoder.count_tokens([QUERY, *DOCUMENTS]))
    assert found["usage"] == {"total_tokens": tokens}
    assert found["meta"] == {"billed_units": {"search_units": 1}}
    for top_n in range(1, 7):
        assert rerank(client, top_n=top_n)["results"] == found["results"][:top_n]
    assert rerank(client, [{"text": text, "url": "u"} for text in DOCUMENTS])["results"] == found["results"]
    assert client.post("/v1/ask", json={"question": QUERY}).get_json()["passages"] == []


@pytest.mark.parametrize("asked", [True, "true", "True"])
def test_documents_come_back_when_asked_for(client: FlaskClient, asked: Any) -> None:
    found = rerank(client, [*DOCUMENTS[:2], {"text": DOCUMENTS[3], "title": "t"}], return_documents=asked, top_n=2)
    for one in found["results"]:
        text = [*DOCUMENTS[:2], DOCUMENTS[3]][one["index"]]
        assert one["document"] == {"text": text}


@pytest.mark.parametrize("asked", [False, "false", None])
def test_documents_stay_away_otherwise(client: FlaskClient, asked: Any) -> None:
    assert all(set(one) == {"index", "relevance_score"} for one in rerank(client, return_documents=asked)["results"])
    assert all(set(one) == {"index", "relevance_score"} for one in rerank(client)["results"])


@pytest.mark.parametrize("model", ["qa-rerank", "rerank-v3.5", "BAAI/bge-reranker-v2-m3", "模型"])
def test_any_model_is_taken_and_named(client: FlaskClient, model: str) -> None:
    assert rerank(client, model=model)["model"] == model


def test_what_is_tolerated(client: FlaskClient) -> None:
    found = rerank(client, max_chunks_per_doc=10, rank_fields=["text"], truncation=True, user="u", top_n=None)
    assert len(found["results"]) == len(DOCUMENTS)
    assert len(rerank(client, ["", " "])["results"]) == 2


def test_as_many_as_are_taken(client: FlaskClient) -> None:
    found = rerank(client, ["a"] * MAX_DOCUMENTS)
    assert len(found["results"]) == MAX_DOCUMENTS
    assert found["meta"]["billed_units"]["search_units"] == 10


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("model null", {"model": None}, "model"),
    ("model empty", {"model": ""}, "model"),
    ("model number", {"model": 5}, "model"),
    ("model long", {"model": "m" * 257}, "model"),
    ("query null", {"query": None}, "query"),
    ("query empty", {"query": ""}, "query"),
    ("query of signs", {"query": "？"}, "query"),
    ("query long", {"query": "a" * 4001}, "query"),
    ("documents null", {"documents": None}, "documents"),
    ("documents text", {"documents": "a"}, "documents"),
    ("documents empty", {"documents": []}, "documents"),
    ("too many", {"documents": ["a"] * (MAX_DOCUMENTS + 1)}, "documents"),
    ("too long", {"documents": ["a" * MAX_CHARS, "b"]}, "documents"),
    ("a number", {"documents": ["a", 5]}, "documents[1]"),
    ("a null", {"documents": [None]}, "documents[0]"),
    ("a list", {"documents": [["a"]]}, "documents[0]"),
    ("no text", {"documents": ["a", {"content": "b"}]}, "documents[1].text"),
    ("text null", {"documents": [{"text": None}]}, "documents[0].text"),
    ("top_n 0", {"top_n": 0}, "top_n"),
    ("top_n negative", {"top_n": -1}, "top_n"),
    ("top_n text", {"top_n": "2"}, "top_n"),
    ("top_n fraction", {"top_n": 1.5}, "top_n"),
    ("return_documents", {"return_documents": "yes"}, "return_documents"),
    ("return_documents 1", {"return_documents": 1}, "return_documents"),
]


@pytest.mark.parametrize(("change", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    body = {"model": "qa-rerank", "query": "a", "documents": DOCUMENTS, **change}
    assert_openai_error(client.post(PATH, json=body), 400, param=field)


@pytest.mark.parametrize("name", ["model", "query", "documents"])
def test_what_is_required(client: FlaskClient, fake: FakeEngine, name: str) -> None:
    body = {"model": "qa-rerank", "query": "a", "documents": DOCUMENTS}
    del body[name]
    assert_openai_error(client.post(PATH, json=body), 400, param=name)
