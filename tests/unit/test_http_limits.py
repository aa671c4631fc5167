"""How much one request may bring, and requests that do not arrive whole."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from qa_service.http import limits
from tests.http.fake_engine import FakeEngine, files
from tests.http.problem import assert_problem


@pytest.mark.parametrize("count", [101, 5000])
def test_too_many_articles(client: FlaskClient, fake: FakeEngine, count: int) -> None:
    body = {"articles": [{"text": str(n)} for n in range(count)]}
    problem = assert_problem(client.post("/v1/articles", json=body), 413, "too-large", field="articles")
    assert "async=true" in problem["errors"][0]["remedy"]
    assert not fake.submitted
    assert client.post("/v1/articles?async=true", json=body).status_code == 202
    assert len(fake.submitted) == count


def test_too_many_files(client: FlaskClient, fake: FakeEngine) -> None:
    parts = [(f"{n}.txt", b"x") for n in range(101)]
    problem = assert_problem(client.post("/v1/articles", **files(*parts)), 413, "too-large")
    assert "async=true" in problem["errors"][0]["remedy"]
    assert_problem(client.post("/v1/articles", **files(*parts, ("a", b""))), 413, "too-large")
    assert not fake.submitted
    assert client.post("/v1/articles?async=true", **files(*parts)).status_code == 202


def test_one_hundred_are_taken(client: FlaskClient, fake: FakeEngine) -> None:
    assert client.post("/v1/articles", json={"articles": [{"text": str(n)} for n in range(100)]}).status_code == 200
    assert client.post("/v1/articles", **files(*((f"{n}.txt", b"x") for n in range(100)))).status_code == 200
    assert len(fake.submitted) == 200


def test_too_many_bytes(client: FlaskClient, fake: FakeEngine) -> None:
    text = "x" * limits.MAX_BODY_BYTES
    for answer in (
        client.post("/v1/articles", json={"articles": [{"text": text}]}),
        client.post("/v1/articles", **files(("a.txt", text.encode()))),
    ):
        problem = assert_problem(answer, 413, "too-large", field="body")
        assert "async=true" in problem["errors"][0]["remedy"]
    assert not fake.submitted
    assert_problem(client.post("/v1/ask", json={"question": text}), 413, "too-large", field="body")
    assert client.post("/v1/articles?async=true", json={"articles": [{"text": text}]}).status_code == 202


def test_even_async_has_a_limit(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ASYNC_BODY_BYTES", 1000)
    answer = client.post("/v1/articles?async=true", json={"articles": [{"text": "x" * 1000}]})
    problem = assert_problem(answer, 413, "too-large", field="body")
    assert "async" not in problem["errors"][0]["remedy"]


def test_a_body_whose_length_is_not_announced_is_bounded_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1000)
    answer = client.post(
        "/v1/articles",
        input_stream=io.BytesIO(b'{"articles": [{"text": "' + b"x" * 1000 + b'"}]}'),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert_problem(answer, 413, "too-large", field="body")


@pytest.mark.parametrize(("path", "content_type"), [("/v1/ask", "text/plain"), ("/v1/articles", "application/json")])
def test_a_refused_body_is_taken_to_its_end(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, content_type: str
) -> None:
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1000)
    body = io.BytesIO(b" " * 100_000)
    given = {"CONTENT_LENGTH": "100000", "wsgi.input_terminated": True}
    answer = client.post(path, input_stream=body, content_type=content_type, environ_overrides=given)
    assert answer.status_code in (413, 415)
    assert body.tell() == 100_000


class Broken(io.BytesIO):
    """A connection that breaks off as it is read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def read(self, *_: object) -> bytes:
        raise self._error

    readinto = read  # type: ignore[assignment]


@pytest.mark.parametrize("error", [OSError("reset"), RuntimeError("a chunk without a size")])
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_a_broken_connection_is_a_400(client: FlaskClient, error: Exception, content_type: str) -> None:
    given = {"CONTENT_LENGTH": "10", "wsgi.input_terminated": True}
    answer = client.post("/v1/articles", input_stream=Broken(error), content_type=content_type, environ_overrides=given)
    assert_problem(answer, 400, "bad-request", field="body")


def test_a_body_shorter_than_announced_is_a_400(client: FlaskClient, fake: FakeEngine) -> None:
    whole = b'{"articles": [{"text": "x"}]}'
    given = {"CONTENT_LENGTH": str(len(whole) + 5), "wsgi.input_terminated": True}
    answer = client.post(
        "/v1/articles", input_stream=io.BytesIO(whole), content_type="application/json", environ_overrides=given
    )
    assert_problem(answer, 400, "bad-request", field="body")
    assert not fake.submitted
