"""Refusals made without a thread, and those of too many streams: each in the shape of its protocol."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from qa_service.config import Settings
from qa_service.errors import Overloaded
from qa_service.http.connections.limits import CutOff, NoRoom, TinyChunks, TooSlow
from qa_service.http.connections.refusals import answer, busy, id_of, unreadable, waited
from qa_service.http.load import load_of
from qa_service.http.stopping import stop_of, stopping
from qa_service.http.streams import SPARED, Streams, init_app
from qa_service.types import Ask, Result
from tests.http.fake_engine import FakeEngine, shared_application


def refused(
    path: str, failure: Any, *, method: str = "POST", keep: bool = True, **headers: str
) -> tuple[int, Any, Any]:
    request = SimpleNamespace(
        path=path, method=method, headers=[(name.upper(), value) for name, value in headers.items()]
    )
    data = answer(shared_application()[0], failure, request, id_of(request), keep=keep)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in lines)
    assert len(lines) == len(found)
    assert found["Connection"] == ("keep-alive" if keep else "close")
    if method != "HEAD":
        assert int(found["Content-Length"]) == len(body)
    return int(first.split()[1]), found, json.loads(body) if body else None


@pytest.mark.parametrize("failure", [busy(3), waited(10, 3)])
def test_beyond_capacity_each_protocol_has_its_shape(failure: Any) -> None:
    for path in ("/v1/ask", "/v1/articles", "/v1/chat/completions", "/v1/embeddings", "/retrieval", "/"):
        status, headers, body = refused(path, failure)
        assert status == 503
        assert headers["Retry-After"] == "3"
        assert headers["X-Request-ID"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        if path == "/retrieval":
            assert body == {"error_code": 503, "error_msg": failure.message}
        elif path in ("/v1/chat/completions", "/v1/embeddings"):
            assert (body["error"]["type"], body["error"]["code"]) == ("server_error", "overloaded")
        else:
            assert headers["Content-Type"] == "application/problem+json"
            assert body["type"] == "urn:qa-service:problem:overloaded"
            assert body["errors"][0]["remedy"] == "try again in 3 s"


def test_the_shape_is_that_of_the_path_however_it_is_spelled() -> None:
    for path in ("/%72etrieval", "/retrieva%6C"):
        assert refused(path, busy(3))[2]["error_code"] == 503
    _, headers, body = refused("/v1/ch%61t/completions", busy(3))
    assert body["error"]["code"] == "overloaded"
    assert headers["Cache-Control"] == "no-store"
    assert refused("/%76%31/ask", busy(3))[1]["Cache-Control"] == "no-store"


def test_a_refusal_carries_the_id_of_its_request() -> None:
    _, headers, body = refused("/v1/ask", busy(1), **{"X-Request-ID": "mine.1"})
    assert headers["X-Request-ID"] == "mine.1"
    assert body["instance"].endswith(":mine.1")
    _, headers, _ = refused("/v1/ask", busy(1), **{"X-Request-ID": "no\rid"})
    assert headers["X-Request-ID"] != "no\rid"


def test_a_page_of_a_named_origin_reads_why_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "https://chat.example.org"
    assert "Access-Control-Allow-Origin" not in refused("/v1/ask", busy(3), Origin=page)[1]
    monkeypatch.setitem(shared_application()[0].extensions, "qa_origins", frozenset({page}))
    _, headers, _ = refused("/v1/ask", busy(3), Origin="https://CHAT.example.org")
    assert headers["Access-Control-Allow-Origin"] == "https://CHAT.example.org"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    for other in ({"Origin": "https://evil.example"}, {"Origin": ""}, {}):
        _, headers, _ = refused("/v1/ask", busy(3), **other)
        assert "Access-Control-Allow-Origin" not in headers
        assert "Origin" in headers["Vary"]
    twice = SimpleNamespace(path="/", method="GET", headers=[("ORIGIN", page), ("ORIGIN", "https://evil.example")])
    assert b"Access-Control" not in answer(shared_application()[0], busy(3), twice, "id", keep=True)
    assert b"Access-Control" not in answer(shared_application()[0], busy(3), None, "id", keep=True)


def test_a_refused_head_has_no_body() -> None:
    status, headers, body = refused("/v1/ask", busy(1), method="HEAD", keep=False)
    assert (status, body) == (503, None)
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TooSlow(), 408),
        (NoRoom(), 503),
        (CutOff(), 400),
        (LimitRequestLine(9000, 8190), 414),
        (LimitRequestHeaders("many"), 431),
        (TinyChunks(), 400),
        (ParseException(), 400),
    ],
)
def test_what_cannot_be_read_is_told_why(error: Exception, status: int) -> None:
    found, headers, body = refused("/v1/ask", unreadable(error, 30), keep=False)
    assert found == body["status"] == status
    assert body["errors"][0]["problem"]
    assert ("Retry-After" in headers) == (status == 503)


def test_there_are_so_many_streams_and_no_more() -> None:
    streams = Streams(2)
    leave = streams.enter()
    streams.enter()
    with pytest.raises(Overloaded) as refusal:
        streams.enter()
    assert refusal.value.retry_after == 2
    leave()
    leave()
    assert streams.running == 1
    streams.enter()
    with pytest.raises(Overloaded):
        streams.enter()


@pytest.mark.parametrize(("threads", "streams", "most"), [(40, 32, 32), (16, 32, 16 - SPARED), (4, 32, 1), (40, 3, 3)])
def test_streams_leave_threads_to_others(threads: int, streams: int, most: int) -> None:
    app = SimpleNamespace(extensions={})
    init_app(app, Settings(threads=threads, streams=streams))  # type: ignore[arg-type]
    assert app.extensions["streams"].most == most


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Give the shared application new places: a test client that reads a stream may leave it without an end."""
    streams = Streams(3)
    monkeypatch.setitem(shared_application()[0].extensions, "streams", streams)
    return streams


def test_a_stream_beyond_is_refused_and_counted(client: FlaskClient, fake: FakeEngine, places: Streams) -> None:
    app = shared_application()[0]
    taken = [places.enter() for _ in range(places.most)]
    before = load_of(app).refused["streams"]
    body = {
        "model": "qa-default",
        "messages": [{"role": "user", "content": "第二社区医院的院长是谁？"}],
        "stream": True,
    }
    answered = client.post("/v1/chat/completions", json=body)
    assert answered.status_code == 503
    assert answered.headers["Retry-After"] == "2"
    assert answered.json["error"]["code"] == "overloaded"
    assert load_of(app).refused["streams"] == before + 1
    assert client.post("/v1/chat/completions", json={**body, "stream": False}).status_code == 200
    for leave in taken:
        leave()
    with client.post("/v1/chat/completions", json=body) as streamed:
        assert streamed.status_code == 200
        assert b"[DONE]" in streamed.data
    assert places.running == 0


def test_a_stream_that_fails_before_it_begins_leaves_its_place(
    client: FlaskClient, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, places: Streams
) -> None:
    def ask(_: Ask) -> Result:
        assert places.running == 1
        raise Overloaded("it was not its turn", retry_after=7)

    monkeypatch.setattr(fake, "ask", ask)
    body = {
        "model": "qa-default",
        "messages": [{"role": "user", "content": "第二社区医院的院长是谁？"}],
        "stream": True,
    }
    answered = client.post("/v1/chat/completions", json=body)
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "7")
    assert places.running == 0


def test_an_overloaded_engine_is_told_in_each_shape(client: FlaskClient, fake: FakeEngine) -> None:
    fake.failure = Overloaded("it was not its turn", retry_after=7)
    native = client.post("/v1/ask", json={"question": "a"})
    dify = client.post("/retrieval", json={"knowledge_id": "default", "query": "a"})
    for answered in (native, dify):
        assert (answered.status_code, answered.headers["Retry-After"]) == (503, "7")
    assert native.json["type"].endswith(":overloaded")
    assert dify.json["error_code"] == 503


def test_a_service_that_stops_is_not_ready(client: FlaskClient, fake: FakeEngine) -> None:
    stop = stop_of(shared_application()[0])
    assert client.get("/readyz").status_code == 200
    stop.begun.set()
    try:
        answered = client.get("/readyz")
        assert answered.status_code == 503
        assert answered.json["type"].endswith(":stopping")
        assert client.get("/healthz").status_code == 200
    finally:
        stop.begun.clear()
    assert stopping().headers["Retry-After"]
