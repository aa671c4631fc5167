"""Side work beside the questions: how much of it there is at a time, and when it is given up."""

from __future__ import annotations

import json
import select

import pytest

from tests.http.led_server import PATIENCE, Run, answer_of, request_of

pytestmark = pytest.mark.http

RERANK = request_of("/v1/rerank", {"model": "any", "query": "wait", "documents": ["a"]})


def test_reranking_holds_a_quarter_of_the_threads_and_questions_are_answered(run: Run) -> None:
    server = run(QA_THREADS="4", QA_QUEUE="3", QA_QUEUE_SECONDS="600")
    connections = [server.connect(RERANK) for _ in range(5)]
    refused, _, _ = select.select(connections, [], [], PATIENCE)
    assert len(refused) == 1
    answer = answer_of(refused[0])
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert json.loads(answer.read())["error"]["code"] == "overloaded"
    for path, body in (("/v1/embeddings", {"model": "toy", "input": "a"}), ("/v1/feedback", {"helpful": True})):
        assert server.call("POST", path, body)[0] == 503
    assert server.call("POST", "/v1/ask", {"question": "a"})[0] == 200
    metrics = server.call("GET", "/metrics")[1]
    assert b'qa_queue_waiting{kind="side"} 3.0' in metrics
    assert b'qa_queue_waiting{kind="question"} 0.0' in metrics
    (server.place / "answer").touch()
    for connection in connections:
        if connection not in refused:
            assert answer_of(connection).status == 200


def test_reranking_ends_when_its_client_goes(run: Run) -> None:
    server = run(QA_THREADS="4", QA_QUEUE="1")
    connection = server.connect(RERANK)
    server.wait_for_file("reranking")
    assert not (server.place / "given-up").exists()
    connection.close()
    server.wait_for_file("given-up")
    assert server.call("POST", "/v1/rerank", {"model": "any", "query": "a", "documents": ["a"]})[0] == 200


def test_reranking_that_takes_too_long_is_given_up(run: Run) -> None:
    server = run(QA_ENCODE_SECONDS="0.3")
    answer = answer_of(server.connect(RERANK))
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    error = json.loads(answer.read())["error"]
    assert error["code"] == "overloaded"
    assert "0.3 s" in error["message"]
