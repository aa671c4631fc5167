"""Answers, collections, failures of the engine, loading, headers."""

from __future__ import annotations

import logging
import sys
import threading
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from qa_service import errors
from qa_service.config import Settings
from qa_service.http import create_app
from qa_service.http.host import EXTENSION, SAMPLES_VARIABLE, EngineHost
from qa_service.http.responses import AskResponse, CollectionsResponse, ReadinessResponse
from qa_service.logs import JsonFormatter, TextFormatter
from qa_service.types import Readiness
from tests.http.fake_engine import FakeEngine, unavailable
from tests.http.problem import assert_problem


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def client(fake: FakeEngine) -> FlaskClient:
    return create_app(Settings(), fake).test_client()  # type: ignore[arg-type]


def test_ask(client: FlaskClient, fake: FakeEngine) -> None:
    client.post(
        "/v1/articles",
        json={
            "articles": [{"id": "a/b", "title": "题", "text": "夜班车😀", "url": "http://a/", "metadata": {"k": [1]}}]
        },
    )
    options = {"collection": "default", "top_k": 50, "min_confidence": 1, "explain": True}
    answer = client.post("/v1/ask", json={"question": "夜\t\r\n？", **options})
    assert answer.headers["Content-Type"] == "application/json"
    assert "夜班车😀" in answer.data.decode("utf-8")
    body = answer.get_json()
    AskResponse.model_validate(body)
    assert (body["answerable"], body["answer"], body["explain"]) == (False, None, {"coverage": 1.0})
    [passage] = body["passages"]
    assert passage["end"] == 4
    assert passage["also_in"] == [{"article_id": "other", "title": None, "url": None, "start": 1, "end": 2}]
    asked = fake.asked[0]
    assert (asked.top_k, asked.min_confidence, asked.explain) == (50, 1, True)


def test_ask_with_defaults(client: FlaskClient, fake: FakeEngine) -> None:
    client.post("/v1/articles", json={"articles": [{"id": "a", "text": "夜班车"}]})
    answer = client.post("/v1/ask", data='\ufeff{"question": "夜"}'.encode(), content_type="application/json")
    body = answer.get_json()
    AskResponse.model_validate(body)
    assert body["answer"]["text"] == "夜班车"
    assert "explain" not in body
    assert (fake.asked[0].collection, fake.asked[0].top_k, fake.asked[0].min_confidence) == ("default", 5, None)


def test_the_longest_question_counts_code_points(fake: FakeEngine) -> None:
    fake.settings.max_question_chars = 3
    client = create_app(Settings(max_question_chars=3), fake).test_client()  # type: ignore[arg-type]
    assert client.post("/v1/ask", json={"question": "𠀀𠀀𠀀"}).status_code == 200
    assert_problem(client.post("/v1/ask", json={"question": "𠀀𠀀𠀀a"}), 422, "invalid-input", field="question")


def test_collections(client: FlaskClient) -> None:
    made = client.put("/v1/collections/news")
    assert (made.status_code, made.get_json()) == (201, {"name": "news", "created": True})
    again = client.put("/v1/collections/news")
    assert (again.status_code, again.get_json()) == (200, {"name": "news", "created": False})
    listed = client.get("/v1/collections").get_json()
    CollectionsResponse.model_validate(listed)
    assert [one["name"] for one in listed["collections"]] == ["default", "news"]
    gone = client.delete("/v1/collections/news")
    assert (gone.status_code, gone.data) == (204, b"")
    assert_problem(client.delete("/v1/collections/news"), 404, "not-found", field="collection")


FAILURES = [
    (unavailable(), 503, "unavailable"),
    (errors.Damaged("a file is torn", remedy="run `qa-service check`"), 500, "damaged-data"),
    (errors.Incompatible("another model", remedy="run `qa-service rebuild`"), 500, "incompatible-data"),
    (errors.ConfigError("no such dictionary", field="QA_USER_DICT"), 500, "internal-error"),
    (errors.TooLarge("too much"), 413, "too-large"),
    (RuntimeError("secret\nINFO forged line"), 500, "internal-error"),
]


@pytest.mark.parametrize(("failure", "status", "kind"), FAILURES, ids=[type(row[0]).__name__ for row in FAILURES])
def test_failures_of_the_engine(
    client: FlaskClient, fake: FakeEngine, failure: Exception, status: int, kind: str
) -> None:
    fake.failure = failure
    for answer in (
        client.post("/v1/ask", json={"question": "a"}),
        client.post("/v1/articles", json={"articles": [{"text": "x"}]}),
        client.get("/v1/collections"),
    ):
        problem = assert_problem(answer, status, kind)
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert problem["errors"][0]["remedy"] == getattr(failure, "remedy", problem["errors"][0]["remedy"])


def test_an_unexpected_error_is_logged_and_not_shown(
    client: FlaskClient, fake: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    fake.failure = RuntimeError("secret\nINFO forged line")
    answer = client.post("/v1/ask", json={"question": "a"}, headers={"X-Request-ID": "mine-1"})
    assert_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text
    [record] = caplog.records
    message = record.getMessage()
    assert message.startswith("request mine-1 failed: POST '/v1/ask': RuntimeError at fake_engine.py:")
    for formatter in (TextFormatter(), JsonFormatter()):
        written = formatter.format(record)
        assert "fake_engine.py" in written
        assert "secret" not in written
        assert all(line.startswith("  | ") for line in written.splitlines()[1:])


@pytest.mark.parametrize(("given", "kept"), [("abc-1.x_Y", True), ("a" * 65, False), ("a b", False), ("", False)])
def test_request_id(client: FlaskClient, given: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/healthz", "/v1/collections", "/static/page.js", "/no"]
)
def test_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert (headers.get("Cache-Control") == "no-store") == path.startswith("/v1/")


def test_pages_of_other_sites_cannot_write(client: FlaskClient, fake: FakeEngine) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    body = {"articles": [{"text": "x"}]}
    assert_problem(client.post("/v1/articles", json=body, headers=foreign), 403, "forbidden")
    assert not fake.submitted
    assert client.get("/", headers=foreign).status_code == 200
    own = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/articles", json=body, headers=own).status_code == 200


def test_health_and_readiness(client: FlaskClient, fake: FakeEngine) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    ReadinessResponse.model_validate(ready.get_json())
    assert (ready.status_code, ready.get_json()["warnings"]) == (200, ["a warning"])
    fake.state = Readiness(False, "closing")
    problem = assert_problem(client.get("/readyz"), 503, "unavailable")
    assert problem["detail"] == "closing"


class Opening:
    """Stands in for `qa_service.engine`: opens when told to, or fails."""

    def __init__(self, engine: FakeEngine, failure: Exception | None = None) -> None:
        self.may_open = threading.Event()
        self.engine = engine
        self.failure = failure

    def open(self, _: Settings) -> FakeEngine:
        assert self.may_open.wait(20)
        if self.failure is not None:
            raise self.failure
        return self.engine


def start(
    monkeypatch: pytest.MonkeyPatch, fake: FakeEngine, failure: Exception | None = None
) -> tuple[Opening, FlaskClient, EngineHost]:
    """Make an application that opens this engine in the background."""
    opening = Opening(fake, failure)
    monkeypatch.setitem(sys.modules, "qa_service.engine", SimpleNamespace(Engine=opening))  # type: ignore[arg-type]
    app = create_app(Settings())
    return opening, app.test_client(), app.extensions[EXTENSION]


def test_loading(monkeypatch: pytest.MonkeyPatch, fake: FakeEngine) -> None:
    opening, client, host = start(monkeypatch, fake)
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200
    for answer in (
        client.get("/readyz"),
        client.post("/v1/ask", json={"question": ""}),
        client.post("/v1/articles", json={"articles": [{"text": "x"}]}),
        client.get("/v1/articles/a"),
        client.get("/v1/collections"),
    ):
        assert_problem(answer, 503, "loading")
        assert int(answer.headers["Retry-After"]) > 0
    opening.may_open.set()
    assert host.wait(20)
    assert client.get("/readyz").status_code == 200
    assert fake.working
    host.close()
    assert fake.closed
    assert_problem(client.get("/readyz"), 503, "load-failed")


@pytest.mark.parametrize(
    "failure", [errors.Incompatible("another model", remedy="run `qa-service rebuild`"), RuntimeError("secret")]
)
def test_a_failed_load_is_shown_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, fake: FakeEngine, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    opening, client, host = start(monkeypatch, fake, failure)
    opening.may_open.set()
    assert host.wait(20)
    assert not host.ready
    assert client.get("/healthz").status_code == 200
    for answer in (client.get("/readyz"), client.post("/v1/ask", json={"question": "a"})):
        problem = assert_problem(answer, 503, "load-failed")
        assert "Retry-After" not in answer.headers
        known = isinstance(failure, errors.QAError)
        assert ("another model" if known else "RuntimeError") in problem["detail"]
        assert ("qa-service rebuild" if known else "log") in problem["errors"][0]["remedy"]
        assert "secret" not in answer.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_closing_while_loading_closes_what_comes(monkeypatch: pytest.MonkeyPatch, fake: FakeEngine) -> None:
    opening, _, host = start(monkeypatch, fake)
    host.close()
    opening.may_open.set()
    assert host.wait(20)
    assert fake.closed
    assert not fake.working
    assert not host.ready


def test_a_given_engine_stays_the_callers(client: FlaskClient, fake: FakeEngine) -> None:
    client.application.extensions[EXTENSION].close()
    assert not fake.closed
    assert not fake.working


def test_samples_are_taken_only_when_asked_for(monkeypatch: pytest.MonkeyPatch, fake: FakeEngine) -> None:
    monkeypatch.setenv(SAMPLES_VARIABLE, "1")
    taken: list[object] = []
    loader = SimpleNamespace(ingest_samples_if_empty=taken.append)
    monkeypatch.setitem(sys.modules, "qa_service.samples_loader", loader)  # type: ignore[arg-type]
    opening, _, host = start(monkeypatch, fake)
    opening.may_open.set()
    assert host.wait(20)
    assert taken == [fake]
    monkeypatch.setenv(SAMPLES_VARIABLE, "0")
    opening, _, host = start(monkeypatch, FakeEngine())
    opening.may_open.set()
    assert host.wait(20)
    assert taken == [fake]
