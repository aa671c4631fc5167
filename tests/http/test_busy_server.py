"""More than can be answered: what waits, what is refused, and that the end finds everything finished."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket

import pytest

from tests.http.led_server import PATIENCE, Run, answer_of, request_of

pytestmark = pytest.mark.http

WAIT = request_of("/v1/ask", {"question": "wait"})


def first_answered(connections: list[socket.socket], count: int) -> list[socket.socket]:
    """Wait until so many have an answer; no more may."""
    answered: list[socket.socket] = []
    while len(answered) < count:
        waiting = [one for one in connections if one not in answered]
        found, _, _ = select.select(waiting, [], [], PATIENCE)
        assert found
        answered += found
    assert len(answered) == count
    return answered


def test_beyond_threads_and_queue_one_is_refused_at_once_and_the_rest_is_answered(run: Run) -> None:
    server = run(QA_THREADS="2", QA_QUEUE="1", QA_QUEUE_SECONDS="600")
    connections = [server.connect(WAIT) for _ in range(5)]
    refused = first_answered(connections, 2)
    for connection in refused:
        answer = answer_of(connection)
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert json.loads(answer.read())["type"] == "urn:qa-service:problem:overloaded"
    # However busy it is, it says how it is; and what comes in other protocols is refused in their shape.
    assert server.call("GET", "/healthz")[0] == 200
    assert server.call("GET", "/readyz")[0] == 200
    chat = {"model": "qa-default", "messages": [{"role": "user", "content": "wait"}]}
    status, body = server.call("POST", "/v1/chat/completions", chat)
    assert (status, json.loads(body)["error"]["code"]) == (503, "overloaded")
    status, body = server.call("POST", "/retrieval", {"knowledge_id": "default", "query": "wait"})
    assert (status, json.loads(body)["error_code"]) == (503, 503)
    (server.place / "answer").touch()
    for connection in connections:
        if connection not in refused:
            assert answer_of(connection).status == 200
    # A connection that was refused is as good as before.
    refused[0].sendall(WAIT)
    assert answer_of(refused[0]).status == 200
    server.wait_for_line(" POST /v1/ask 503 ")


def test_a_refusal_has_the_id_of_its_request_in_the_answer_and_the_log_and_is_counted(run: Run) -> None:
    server = run(QA_THREADS="1", QA_QUEUE="0", QA_QUEUE_SECONDS="600", QA_LOG_FORMAT="json")
    working = server.connect(WAIT)
    server.wait_for_file("asked-1")
    named, unnamed, broken = (server.connect() for _ in range(3))
    named.sendall(WAIT.replace(b"Host", b"X-Request-ID: mine-3\r\nHost", 1))
    unnamed.sendall(WAIT)
    broken.sendall(b"what?\r\n\r\n")
    ids = {}
    for connection, status in ((named, 503), (unnamed, 503), (broken, 400)):
        answer = answer_of(connection)
        assert answer.status == status
        ids[answer.headers["X-Request-ID"]] = status
        assert json.loads(answer.read())["instance"].endswith(answer.headers["X-Request-ID"])
    assert len(ids) == 3
    assert "mine-3" in ids
    # What tells how it is has threads of its own.
    status, metrics = server.call("GET", "/metrics")
    assert status == 200
    assert b'qa_refused_total{reason="full"} 2.0' in metrics
    assert b'qa_refused_total{reason="unreadable"} 1.0' in metrics
    (server.place / "answer").touch()
    assert answer_of(working).status == 200
    # The line of an answer comes after those of the refusals before it.
    server.wait_for_line('"path": "/v1/ask", "status": 200')
    records = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]
    logged = {one["request_id"]: (one["status"], one["path"]) for one in records if one.get("status") in (503, 400)}
    assert logged == {one: (status, "/v1/ask" if status == 503 else "-") for one, status in ids.items()}


@pytest.mark.parametrize("keeps", [True, False])
def test_who_asks_one_after_the_other_is_never_refused(run: Run, keeps: bool) -> None:
    server = run(QA_THREADS="1", QA_QUEUE="0")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    asked = [
        ("POST", "/v1/ask", json.dumps({"question": "a"}), 200),
        ("HEAD", "/", None, 200),
        ("DELETE", "/v1/articles/none", None, 404),
        ("GET", "/openapi.json", None, 200),
    ]
    for number in range(400):
        method, path, body, status = asked[number % len(asked)]
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        # It is known to be all there by its length, before the server is done with the request.
        answer.read()
        assert answer.status == status, (number, method, path)
        if not keeps:
            # Another connection is accepted while the thread of the one before may not be free yet.
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)


def test_who_waits_too_long_is_refused(run: Run) -> None:
    server = run(QA_THREADS="1", QA_QUEUE="9", QA_QUEUE_SECONDS="0.3")
    working = server.connect(WAIT)
    server.wait_for_file("asked-1")
    for connection in [server.connect(WAIT) for _ in range(3)]:
        answer = answer_of(connection)
        assert answer.status == 503
        assert "0.3 s" in json.loads(answer.read())["detail"]
    (server.place / "answer").touch()
    assert answer_of(working).status == 200
    assert not (server.place / "asked-2").exists()


def test_requests_in_a_row_on_one_connection_are_answered_in_their_order(run: Run) -> None:
    server = run(QA_THREADS="2")
    asked = [request_of("/v1/ask", {"question": f"question {number}"}) for number in range(20)]
    answers = server.connect(b"".join(asked)).makefile("rb")
    for number in range(20):
        assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
        headers = http.client.parse_headers(answers)
        assert json.loads(answers.read(int(headers["Content-Length"])))["question"] == f"question {number}"


def test_stopping_finishes_what_it_has_accepted_and_takes_nothing_new(run: Run) -> None:
    server = run(QA_THREADS="1", QA_QUEUE="5", QA_QUEUE_SECONDS="600", QA_STOP_SECONDS="600")
    idle = server.connect(request_of("/v1/ask", {"question": "first"}))
    assert answer_of(idle).read()
    working = server.connect(WAIT)
    server.wait_for_file("asked-1")
    waiting = [server.connect(WAIT) for _ in range(2)]
    server.call("GET", "/healthz")  # those before were seen
    os.kill(server.process.pid, signal.SIGTERM)
    while server.call("GET", "/readyz")[0] != 503:
        pass
    assert b"stopping" in server.call("GET", "/readyz")[1]
    for new in (idle, server.connect()):
        new.sendall(request_of("/v1/ask", {"question": "late"}))
        answer = answer_of(new)
        assert (answer.status, answer.headers["Connection"]) == (503, "close")
        assert json.loads(answer.read())["type"] == "urn:qa-service:problem:stopping"
    (server.place / "answer").touch()
    assert [answer_of(connection).status for connection in (working, *waiting)] == [200, 200, 200]
    assert server.process.wait(PATIENCE) == 0
    assert (server.place / "closed").exists()


def test_what_is_not_done_in_time_is_told_so(run: Run) -> None:
    server = run(QA_THREADS="1", QA_QUEUE_SECONDS="600", QA_STOP_SECONDS="0.5")
    working = server.connect(WAIT)
    server.wait_for_file("asked-1")
    waiting = server.connect(WAIT)
    server.call("GET", "/healthz")
    os.kill(server.process.pid, signal.SIGTERM)
    for connection in (working, waiting):
        answer = answer_of(connection)
        assert (answer.status, answer.headers["Connection"]) == (503, "close")
        assert b"stopping" in answer.read()
    assert server.process.wait(PATIENCE) == 0


def test_a_client_that_goes_on_asking_gets_an_answer_or_a_refusal_until_the_end(run: Run) -> None:
    server = run()
    statuses: list[int] = []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        while True:
            connection.request("POST", "/v1/ask", json.dumps({"question": "a"}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            if len(statuses) == 5:
                os.kill(server.process.pid, signal.SIGTERM)
    except OSError:
        pass
    assert set(statuses) <= {200, 503}
    assert server.process.wait(PATIENCE) == 0
