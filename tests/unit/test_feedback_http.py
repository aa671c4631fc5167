"""Feedback over HTTP and by the Python client, on an engine that notes questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from embeddings.toy import ToyEncoder
from qa_service.client import Client, InvalidRequest, NotFound
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.chat.responses import ChatResponse
from qa_service.http.feedback_schemas import FeedbackRequest, FeedbackResponse
from qa_service.http.responses import AskResponse
from qa_service.store import question_groups
from tests.conftest import add
from tests.http.problem import assert_problem
from tests.unit.client_transport import over

BUS = "夜班车每二十分钟一班。末班车凌晨三点发车。"
QUESTION = "末班车几点发车?"


@pytest.fixture(scope="module")
def noting(tmp_path_factory: pytest.TempPathFactory, cache_dir: Any) -> Iterator[Engine]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("noting") / "data",
        cache_dir=cache_dir,
        model="toy",
        min_confidence=0.0,
        question_log=True,
    )
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"bus": BUS, "flu": "流感疫苗从十月八日开始接种。"})
    engine.start_workers()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def client(noting: Engine) -> FlaskClient:
    return create_app(noting.settings, noting).test_client()


def test_an_answer_is_judged_by_its_question_id(client: FlaskClient, noting: Engine) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).get_json()
    AskResponse.model_validate(answer)
    assert list(answer)[-1] == "question_id"
    given = {"question_id": answer["question_id"], "helpful": True, "comment": "谢谢\u202e<b>"}
    response = client.post("/v1/feedback", json=given)
    assert (response.status_code, response.content_type) == (200, "application/json")
    FeedbackResponse.model_validate(response.get_json())
    assert response.get_json() == {
        "question_id": answer["question_id"],
        "collection": "default",
        "passage_id": None,
        "helpful": True,
    }
    passage = answer["passages"][0]["passage_id"]
    again = client.post("/v1/feedback", json={"question": QUESTION, "helpful": False, "passage_id": passage})
    assert again.get_json()["passage_id"] == passage
    [group] = noting.questions.writer.call(question_groups.groups)
    assert (group.helpful, group.unhelpful, group.comments) == (1, 1, ("谢谢\u202e<b>",))


def test_the_pages_answers_carry_it_too(client: FlaskClient) -> None:
    body = {"model": "qa-default", "messages": [{"role": "user", "content": QUESTION}], "qa": {"sources": "result"}}
    streamed = client.post("/v1/chat/completions", json={**body, "stream": True}).text
    assert '"question_id":"' in streamed
    whole = client.post("/v1/chat/completions", json=body).get_json()
    assert whole["qa"]["question_id"] == whole["result"]["question_id"]
    ChatResponse.model_validate(whole)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"helpful": True}, "question_id"),
        ({"helpful": True, "question_id": "a", "question": "b?"}, "question_id"),
        ({"question_id": "a"}, "helpful"),
        ({"question_id": "a", "helpful": "yes"}, "helpful"),
        ({"question_id": "a", "helpful": None}, "helpful"),
        ({"question_id": 5, "helpful": True}, "question_id"),
        ({"question_id": "a" * 201, "helpful": True}, "question_id"),
        ({"question": "?!", "helpful": True}, "question"),
        ({"question": "长" * 4001, "helpful": True}, "question"),
        ({"question": "a\u0000b", "helpful": True}, "question"),
        ({"question": QUESTION, "helpful": True, "collection": "../x"}, "collection"),
        ({"question": QUESTION, "helpful": True, "comment": "长" * 2001}, "comment"),
        ({"question": QUESTION, "helpful": True, "rating": 5}, "rating"),
    ],
)
def test_what_is_wrong_is_named(client: FlaskClient, given: dict[str, Any], field: str) -> None:
    body = assert_problem(client.post("/v1/feedback", json=given), 422, "invalid-input", field=field)
    assert body["errors"][0]["remedy"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"question_id": "none"}, "question_id"),
        ({"question_id": "' OR 1=1 --"}, "question_id"),
        ({"question": QUESTION, "collection": "none"}, "collection"),
        ({"question": QUESTION, "passage_id": "none"}, "passage_id"),
    ],
)
def test_what_is_not_there_is_named(client: FlaskClient, given: dict[str, Any], field: str) -> None:
    body = assert_problem(client.post("/v1/feedback", json={"helpful": True, **given}), 404, "not-found", field=field)
    assert body["errors"][0]["remedy"]


def test_without_a_log_there_is_nothing(engine: Engine) -> None:
    add(engine, {"bus": BUS})
    client = create_app(engine.settings, engine).test_client()
    assert "question_id" not in client.post("/v1/ask", json={"question": QUESTION}).get_json()
    body = assert_problem(
        client.post("/v1/feedback", json={"question": QUESTION, "helpful": True}), 404, "not-found", field=None
    )
    assert "QA_QUESTION_LOG" in body["errors"][0]["remedy"]


def test_the_documents_examples_are_what_is_taken(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    for example in document["components"]["schemas"]["FeedbackRequest"]["examples"]:
        FeedbackRequest.model_validate(example)
    assert document["paths"]["/v1/feedback"]["post"]["security"]


def test_the_client_judges(client: FlaskClient) -> None:
    with Client(transport=over(client.application)) as service:
        result = service.ask(QUESTION)
        assert result.question_id
        passage = result.passages[0].passage_id
        judged = service.feedback(False, question_id=result.question_id, passage_id=passage, comment="旧的")
        assert (judged.question_id, judged.passage_id, judged.helpful) == (result.question_id, passage, False)
        own = service.feedback(True, question="末班车几点?", collection="default")
        assert own.question_id not in ("", result.question_id)
        with pytest.raises(InvalidRequest) as wrong:
            service.feedback(True)
        assert wrong.value.field == "question_id"
        with pytest.raises(NotFound):
            service.feedback(True, question_id="none")
