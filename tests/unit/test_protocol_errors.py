"""Whatever is wrong with a request to another program's protocol is told in its shape, never in the service's own."""

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
from qa_service.http import create_app, limits
from tests.http.fake_engine import FakeEngine, unavailable
from tests.http.openai_error import assert_openai_error

DIFY = "/retrieval"
BODIES: dict[str, dict[str, Any]] = {
    DIFY: {"knowledge_id": "default", "query": "a", "retrieval_setting": {"top_k": 3, "score_threshold": 0}},
    "/v1/embeddings": {"model": "toy", "input": "a"},
    "/v1/rerank": {"model": "m", "query": "a", "documents": ["a"]},
    "/v1/vector_stores/default/search": {"query": "a"},
    "/v1/chat/completions": {"model": "qa-default", "messages": [{"role": "user", "content": "第二医院的院长是谁？"}]},
}
ENGINELESS = ("/v1/embeddings",)
"""What asks the encoder alone, which the fake engine's failures do not reach."""
GOOD = [(DIFY, "retrieval_setting", None)]
UNSERVED = ("/v1/completions", "/v1/responses", "/v1/models/a/b", "/v1/vector_stores", "/v1/vector_stores/a/files")
JSON = "application/json"


@pytest.fixture(params=BODIES)
def path(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def assert_shape(path: str, answer: TestResponse, status: int, words: str = "") -> None:
    """Check an error: 413, 415 and 422 are 400 to these protocols."""
    if path.startswith(DIFY):
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == JSON
        body = json.loads(answer.data)
        assert set(body) == {"error_code", "error_msg"}
        assert isinstance(body["error_code"], int)
        assert "Traceback" not in answer.text
        message = body["error_msg"]
    else:
        message = assert_openai_error(answer, status)["message"]
    assert words in message
    assert answer.headers["X-Request-ID"]


def test_the_bodies_are_good_ones(client: FlaskClient, path: str) -> None:
    assert client.post(path, json=BODIES[path]).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert_shape(path, answer, 405, "POST")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("below", ["/more", "/"])
def test_nothing_below(client: FlaskClient, path: str, below: str) -> None:
    assert_shape(path, client.post(path + below, json=BODIES[path]), 404, "nothing at this path")


@pytest.mark.parametrize("unserved", UNSERVED)
def test_paths_that_are_not_served(client: FlaskClient, unserved: str) -> None:
    assert_openai_error(client.post(unserved, json={}), 404, code="not_found")


MALFORMED: list[tuple[str, bytes, str]] = [
    ("empty", b"", "is empty"),
    ("no json", b"query=a", "is not JSON"),
    ("a list", b"[]", "JSON object"),
    ("null", b"null", "JSON object"),
    ("not utf-8", b'{"query": "\xff"}', "UTF-8"),
    ("key twice", b'{"query": "a", "query": "b"}', "twice"),
    ("nan", b'{"query": NaN}', "NaN"),
    ("infinity", b'{"a": [-Infinity]}', "Infinity"),
    ("huge number", b'{"a": 1e999}', "too large"),
    ("deep", b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deeply"),
]


@pytest.mark.parametrize(("data", "words"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_malformed_json(client: FlaskClient, path: str, data: bytes, words: str) -> None:
    assert_shape(path, client.post(path, data=data, content_type=JSON), 400, words)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
    ],
    ids=["none", "text", "multipart", "charset", "compressed"],
)
def test_media_types(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.post(path, data=json.dumps(BODIES[path]).encode(), headers=headers)
    assert_shape(path, answer, 400, "Content-")


def test_too_large(client: FlaskClient, path: str) -> None:
    data = json.dumps({**BODIES[path], "more": "a" * limits.MAX_BODY_BYTES}).encode()
    assert_shape(path, client.post(path, data=data, content_type=JSON), 400, "too large")


@pytest.mark.parametrize("wrong", [None, [], "a", 5], ids=repr)
def test_every_required_field_is_named(client: FlaskClient, path: str, wrong: Any) -> None:
    for name, right in BODIES[path].items():
        if isinstance(wrong, type(right)) or (path, name, wrong) in GOOD:
            continue
        answer = client.post(path, json={**BODIES[path], name: wrong})
        assert_shape(path, answer, 400, name)


def test_unknown_fields_are_left_alone(client: FlaskClient, path: str) -> None:
    body = {**BODIES[path], "unknown": {"a": [1]}, "user": "someone"}
    assert client.post(path, json=body).status_code == 200


def test_forms_of_other_sites_are_refused(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data="{}", content_type="text/plain", headers={"Sec-Fetch-Site": "cross-site"})
    assert_shape(path, answer, 403, "Sec-Fetch-Site")


def test_programs_made_of_a_browser_are_let_in(client: FlaskClient, path: str) -> None:
    answer = client.post(path, json=BODIES[path], headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)


def test_what_clients_do_to_json_is_borne(client: FlaskClient, path: str) -> None:
    body = {**BODIES[path], "logit_bias": {str(number): 1 for number in range(2000)}, "user": {"a": ["x\ud83d", "y"]}}
    assert client.post(path, data=json.dumps(body), content_type=JSON).status_code == 200


@pytest.mark.parametrize(("failure", "status"), [(unavailable(), 503), (RuntimeError("private"), 500)])
def test_failures_of_the_engine(
    client: FlaskClient, fake: FakeEngine, path: str, failure: Exception, status: int
) -> None:
    if path in ENGINELESS:
        fake.encoder = None  # type: ignore[assignment]
        status = 500
    fake.failure = failure
    answer = client.post(path, json=BODIES[path])
    assert_shape(path, answer, status)
    assert "private" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_while_loading(path: str) -> None:
    for body in ({"json": BODIES[path]}, {"data": b""}):
        answer = loading(None).test_client().post(path, **body)
        assert_shape(path, answer, 503, "loaded")
        assert answer.headers["Retry-After"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic right", "right"])
def test_a_missing_or_refused_key(path: str, header: str | None) -> None:
    """The key is asked for before anything else: also while loading, and whatever the body."""
    headers = {"Authorization": header} if header else {}
    for body in ({"json": BODIES[path]}, {"data": b""}):
        answer = loading("right").test_client().post(path, headers=headers, **body)
        assert_shape(path, answer, 403 if path == DIFY else 401, "Authorization")
        if path != DIFY:
            assert_openai_error(answer, 401, code="invalid_api_key")
    assert_shape(path, loading("right").test_client().post(path, headers={"Authorization": "Bearer right"}), 503)


@cache
def loading(key: str | None) -> Flask:
    """Make an application whose engine never comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa_service.http.host.EngineHost.start", lambda self: None)
        return create_app(Settings(api_key=SecretStr(key) if key else None), None)
