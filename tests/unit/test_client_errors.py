"""What the Python client says when something is wrong: always a `ServiceError`."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qa_service import errors as qa
from qa_service.client import (
    Client,
    InvalidRequest,
    NotFound,
    ServiceError,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from qa_service.config import Settings
from qa_service.http import create_app
from qa_service.types import Submission
from tests.http.fake_engine import FakeEngine, shared_application, unavailable
from tests.unit.client_transport import over


@pytest.fixture
def service(fake: FakeEngine) -> Iterator[Client]:
    with Client(transport=over(shared_application()[0])) as client:
        yield client


def test_a_wrong_article_is_named_by_its_place(service: Client) -> None:
    articles: list[Any] = [{"id": str(number), "text": "x"} for number in range(150)]
    articles[120]["published_at"] = "soon"
    seen = []
    with pytest.raises(InvalidRequest) as caught:
        seen.extend(service.ingest(articles))
    assert caught.value.field == "articles[120].published_at"
    assert str(caught.value).startswith("articles[120].published_at: ")
    assert [one.outcome for one in seen] == ["created"] * 100
    for wrong, said in [
        ("a text", "articles[0]: is str"),
        ({"text": {1}}, "no JSON"),
        ({"text": "\ud800"}, "no JSON"),
        (Path("/none/such"), "/none/such cannot be read"),
        (Submission(b"", rejection="row 3 is bad"), "row 3 is bad"),
    ]:
        with pytest.raises(InvalidRequest, match=said.replace("[", r"\[")):
            service.add([wrong])  # type: ignore[list-item]


def test_what_the_service_refuses(service: Client, fake: FakeEngine) -> None:
    with pytest.raises(InvalidRequest) as caught:
        service.ask("q", top_k=0)
    error = caught.value
    assert (error.status, error.kind, error.field, error.remedy) == (422, "invalid-input", "top_k", "use at least 1")
    assert isinstance(error, qa.BadInput)
    with pytest.raises(NotFound, match="there is no collection 'none'"):
        service.ask("q", collection="none")
    with pytest.raises(TooLarge):
        service.submit({"text": "x"} for _ in range(10_001))
    fake.failure = unavailable()
    with pytest.raises(Unavailable) as unavailable_error:
        service.collections()
    assert str(unavailable_error.value) == "the catalogue is locked (try again)"
    assert isinstance(unavailable_error.value, qa.Unavailable)
    fake.failure = RuntimeError("bug")
    with pytest.raises(ServiceError) as internal:
        service.collections()
    assert (internal.value.status, type(internal.value)) == (500, ServiceError)
    assert "bug" not in str(internal.value)


def test_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = over(create_app(Settings(api_key="right"), FakeEngine()))  # type: ignore[arg-type]
    monkeypatch.setenv("QA_API_KEY", "right")
    assert Client(transport=transport).collections()
    assert Client(key="right", transport=transport).collections()
    for key in ("wrong", ""):
        with pytest.raises(Unauthorized, match=r"Authorization.*QA_API_KEY") as caught:
            Client(key=key, transport=transport).collections()
        assert caught.value.status == 401
    monkeypatch.delenv("QA_API_KEY")
    client = Client(transport=transport)
    with pytest.raises(Unauthorized):
        client.collections()
    assert client.with_key("right").collections()
    with pytest.raises(Unauthorized):
        client.collections()
    for key in ("a b", "right\n", "ключ"):
        with pytest.raises(InvalidRequest, match="key"):
            Client(key=key)
        with pytest.raises(InvalidRequest, match="key"):
            client.with_key(key)


def nested(depth: int) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for _ in range(depth):
        given = {"a": given}
    return given


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.ask("\ud800"),
        lambda client: client.ask("q", collection="\ud800"),
        lambda client: client.ask("q", min_confidence=float("nan")),
        lambda client: client.ask("q", filters={"type": {1}}),
        lambda client: client.ask("q", filters=nested(100_000)),
        lambda client: client.explain("\ud800", article_id="a"),
        lambda client: list(client.articles("\ud800")),
        lambda client: client.article("a" * 100_000),
        lambda client: client.add([{"id": "a", "text": "x"}], collection="\ud800"),
        lambda client: client.add([{"id": "a", "text": "x", "metadata": nested(100_000)}]),
        lambda client: client.submit([{"text": float("inf")}]),
    ],
)
def test_what_cannot_be_sent_is_an_invalid_request(
    service: Client, call: Callable[[Client], object], fake: FakeEngine
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        call(service)
    assert caught.value.status is None
    assert caught.value.remedy
    assert (fake.asked, fake.submitted) == ([], [])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://user:sec@ret@127.0.0.1:1/a@b/v1", "http://127.0.0.1:1/a@b"),
        ("http://user:secret/x@127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://user:secret#x@127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://user:secret?x@127.0.0.1:1", "http://127.0.0.1:1"),
        ("ftp://user:secret@127.0.0.1:1", "ftp://127.0.0.1:1"),
        ("http://user:secret@127.0.0.1:1/?q", "http://127.0.0.1:1/?q"),
        ("http://user:secret@", "http://"),
    ],
)
def test_no_error_shows_a_password(url: str, shown: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Client(url).collections()
    assert shown in str(caught.value)
    assert "sec" not in str(caught.value)
    assert "user" not in str(caught.value)


def test_nor_does_one_of_an_answer_that_is_none() -> None:
    def answered(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text="<html>", request=request)

    with pytest.raises(ServiceError, match=r"^http://host\.test answered 200") as caught:
        Client("http://user:secret@host.test", transport=httpx2.MockTransport(answered)).collections()
    assert "secret" not in str(caught.value)


def test_a_password_is_sent_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[str] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["Authorization"])
        return httpx2.Response(200, json={"collections": []}, request=request)

    caplog.set_level(logging.DEBUG)
    with Client("http://user:secret@host.test/qa/v1", key="", transport=httpx2.MockTransport(answered)) as client:
        assert client.collections() == []
    assert sent == ["Basic " + base64.b64encode(b"user:secret").decode()]
    assert "host.test/qa/v1/collections" in caplog.text
    assert "secret" not in caplog.text


def test_a_key_that_asks_too_often_or_may_not() -> None:
    def answered(request: httpx2.Request) -> httpx2.Response:
        status, kind = (429, "too-many-requests") if request.method == "GET" else (403, "insufficient-scope")
        body = {"type": f"urn:qa-service:problem:{kind}", "errors": [{"field": None, "problem": "no", "remedy": "r"}]}
        return httpx2.Response(status, json=body, headers={"Retry-After": "7"}, request=request)

    with Client("http://host.test", key="k", transport=httpx2.MockTransport(answered)) as client:
        with pytest.raises(TooMany) as slowed:
            client.collections()
        assert (slowed.value.status, slowed.value.retry_after) == (429, 7)
        with pytest.raises(Unauthorized) as refused:
            client.ask("a")
    assert (refused.value.status, refused.value.remedy) == (403, "r")


def test_a_url_that_is_none() -> None:
    for url in ("nowhere", 3, "http://host:port"):
        with pytest.raises(InvalidRequest, match=r"base_url: .* URL"):
            Client(url)  # type: ignore[arg-type]
