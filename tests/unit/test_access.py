"""What keys may do over HTTP, how each protocol says no, and how often a key may ask."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from qa_service.config import Settings
from qa_service.errors import Damaged
from qa_service.http import create_app
from qa_service.http.rules import RULES
from qa_service.keys.key import SCOPES, make_key
from qa_service.keys.key_file import NAME, add_key, revoke_key
from tests.http.fake_engine import FakeEngine
from tests.http.openai_error import assert_openai_error
from tests.http.problem import assert_problem

OPENAI = "/v1/chat/completions"
DIFY = "/retrieval"
CHAT = {"model": "qa-default", "messages": [{"role": "user", "content": "夜班车？"}]}
RETRIEVAL = {"knowledge_id": "default", "query": "a", "retrieval_setting": {"top_k": 3, "score_threshold": 0.0}}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def app(settings: Settings, fake: FakeEngine) -> Flask:
    return create_app(settings, fake)  # type: ignore[arg-type]


Make = Callable[..., FlaskClient]


@pytest.fixture
def make(app: Flask, settings: Settings) -> Make:
    """Give what makes a key and a client that sends it."""

    def made(*scopes: str, collections: tuple[str, ...] | None = None, **given: Any) -> FlaskClient:
        key, text = make_key("a", scopes or ("ask",), collections, **given)  # type: ignore[arg-type]
        add_key(settings.data_dir, key)
        return with_key(app, text)

    return made


def with_key(app: Flask, text: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


def test_without_keys_loopback_is_open(app: Flask) -> None:
    assert app.test_client().get("/v1/collections").status_code == 200
    assert with_key(app, "any").get("/openapi.json").status_code == 200


def test_the_first_key_closes_a_running_service_and_the_last_one_gone_does_not_open_it(
    app: Flask, settings: Settings
) -> None:
    client = app.test_client()
    assert client.get("/v1/collections").status_code == 200
    key, text = make_key("a", ("ask",))
    add_key(settings.data_dir, key)
    assert_problem(client.get("/v1/collections"), 401, "unauthorized", field="Authorization")
    assert with_key(app, text).get("/v1/collections").status_code == 200
    revoke_key(settings.data_dir, key.id)
    assert_problem(with_key(app, text).get("/v1/collections"), 401, "wrong-key")
    assert_problem(client.get("/v1/collections"), 401, "unauthorized")


def test_another_address_is_never_open_by_itself(tmp_path: Path, fake: FakeEngine) -> None:
    settings = Settings(data_dir=tmp_path, host="0.0.0.0")
    client = create_app(settings, fake).test_client()  # type: ignore[arg-type]
    assert client.get("/v1/collections").status_code == 401
    opened = settings.model_copy(update={"allow_open": True})
    assert create_app(opened, fake).test_client().get("/v1/collections").status_code == 200  # type: ignore[arg-type]


def test_a_damaged_file_of_keys_stops_the_start(settings: Settings, fake: FakeEngine) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / NAME).write_text("{}")
    with pytest.raises(Damaged, match=r"keys\.json"):
        create_app(settings, fake)  # type: ignore[arg-type]


@pytest.mark.parametrize("route", sorted(RULES))
def test_scopes(route: str, make: Make) -> None:
    """A key gets past the door where the rule has its scope, and nowhere else."""
    method, path = route.split()
    path = path.replace("<anyid:article_id>", "a").replace("<name>", "default").replace("<", "").replace(">", "")
    for scope in SCOPES:
        answer = make(scope).open(path, method=method, json={})
        allowed = scope == "admin" or scope in RULES[route].scopes
        refused = answer.status_code == 403
        assert answer.status_code != 401
        assert refused is not allowed, (scope, answer.text)


def test_a_route_without_a_rule_is_for_operators_alone(app: Flask, make: Make) -> None:
    app.add_url_rule("/v1/new", view_func=lambda: "told")
    assert make("admin").get("/v1/new").text == "told"
    for client in (make("ask", "ingest"), make("admin", collections=("default",))):
        assert_problem(client.get("/v1/new"), 403, "insufficient-scope")


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/jobs/1"])
def test_forbidden_says_what_is_lacking(make: Make, path: str) -> None:
    problem = assert_problem(make("ask").get(path), 403, "insufficient-scope", field="Authorization")
    assert "ingest" in problem["errors"][0]["problem"]


def test_forbidden_in_each_protocol(make: Make) -> None:
    client = make("ingest")
    error = assert_openai_error(client.post(OPENAI, json=CHAT), 403, code="insufficient_scope")
    assert "ask" in error["message"]
    answer = client.post(DIFY, json=RETRIEVAL)
    assert (answer.status_code, answer.get_json()["error_code"]) == (403, 1002)


def test_bad_headers_in_difys_codes(app: Flask, make: Make) -> None:
    make()
    for header, code in ((None, 1001), ("Basic x", 1001), ("Bearer", 1001), ("Bearer no", 1002)):
        answer = app.test_client().post(DIFY, json=RETRIEVAL, headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.get_json()["error_code"]) == (403, code)
    limited = make(collections=("other",)).post(DIFY, json=RETRIEVAL)
    assert (limited.status_code, limited.get_json()["error_code"]) == (404, 2001)


def test_an_expired_key_is_told_so(app: Flask, settings: Settings, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(days=1)
    assert client.get("/v1/collections").status_code == 200
    monkeypatch.setattr("qa_service.keys.key.Key.expired", lambda *_: True)
    problem = assert_problem(client.get("/v1/collections"), 401, "wrong-key")
    assert "expired" in problem["detail"]
    assert "warnings" not in client.get("/readyz").get_json()


def test_collections_of_others_are_not_there(make: Make, fake: FakeEngine) -> None:
    make("admin").put("/v1/collections/theirs")
    client = make("ask", "ingest", collections=("ours",))
    assert client.get("/v1/collections").get_json() == {"collections": []}
    for answer in (
        client.put("/v1/collections/theirs"),
        client.delete("/v1/collections/theirs"),
        client.get("/v1/articles?collection=theirs"),
        client.post("/v1/articles?collection=theirs", json={"articles": [{"text": "x"}]}),
        client.post("/v1/ask", json={"question": "a", "collection": "theirs"}),
    ):
        problem = assert_problem(answer, 404, "not-found", field="collection")
        assert "no collection 'theirs'" in problem["detail"]
    assert not fake.submitted
    assert client.put("/v1/collections/ours").status_code == 201
    assert [one["name"] for one in client.get("/v1/collections").get_json()["collections"]] == ["ours"]
    assert [one["id"] for one in client.get("/v1/models").get_json()["data"]] == ["qa-ours"]


def test_jobs_of_others_are_not_there(make: Make) -> None:
    make("ingest").post("/v1/articles?async=true", json={"articles": [{"text": "x"}]})
    assert make("ingest").get("/v1/jobs/job-1").status_code == 200
    client = make("ingest", collections=("ours",))
    theirs, none = client.get("/v1/jobs/job-1"), client.get("/v1/jobs/job-2")
    assert_problem(theirs, 404, "not-found", field="id")
    assert theirs.get_json()["errors"] == json.loads(none.text.replace("job-2", "job-1"))["errors"]


@pytest.mark.parametrize("failure", [Damaged("/data/theirs is torn", remedy="look at theirs"), RuntimeError("theirs")])
def test_causes_of_failures_are_told_to_operators_alone(
    make: Make, fake: FakeEngine, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    clients = make("ask"), make("admin", collections=("default",))
    fake.failure = failure
    # What an unexpected exception says may be anything, also an article's text; its kind is logged.
    logged = "theirs" if isinstance(failure, Damaged) else "RuntimeError"
    for client in clients:
        answer = client.post("/v1/ask", json={"question": "a"})
        assert answer.status_code == 500
        assert "theirs" not in answer.text
        assert logged in caplog.text
    if isinstance(failure, Damaged):
        assert "theirs" in make("admin").post("/v1/ask", json={"question": "a"}).text


def test_readiness_is_a_status_without_a_key_and_more_with_an_operators(
    app: Flask, make: Make, fake: FakeEngine
) -> None:
    assert app.test_client().get("/readyz").get_json()["warnings"] == ["a warning"]
    operator = make("admin")
    bare = {"ready": True, "status": "ready"}
    for client in (app.test_client(), make("ask"), make("admin", collections=("default",)), with_key(app, "wrong")):
        answer = client.get("/readyz")
        assert answer.get_json() == bare
        assert answer.headers["Cache-Control"] == "no-store"
    assert operator.get("/readyz").get_json()["warnings"] == ["a warning"]


def test_the_document_opens_in_a_browser_with_the_key_as_password(app: Flask, make: Make) -> None:
    text = make().environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    refused = app.test_client().get("/docs")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    basic = {"Authorization": "Basic " + base64.b64encode(f"any:{text}".encode()).decode()}
    for path in ("/docs", "/docs/assets/swagger-ui.css", "/openapi.json"):
        assert app.test_client().get(path, headers=basic).status_code == 200
    elsewhere = app.test_client().get("/v1/collections", headers=basic)
    assert_problem(elsewhere, 401, "unauthorized")
    assert elsewhere.headers["WWW-Authenticate"].startswith("Bearer ")


def assert_slowed(answer: TestResponse, most: int) -> None:
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= most


def test_the_rate_of_a_key(make: Make) -> None:
    client, other = make("admin", rate="2/day"), make("ask", rate="2/day")
    assert [client.get("/v1/collections").status_code for _ in range(2)] == [200, 200]
    native = client.get("/v1/collections")
    assert_problem(native, 429, "too-many-requests", field="Authorization")
    assert_slowed(native, 86_400)
    openai = client.post(OPENAI, json=CHAT)
    assert_slowed(openai, 86_400)
    assert (openai.get_json()["error"]["code"], openai.get_json()["error"]["type"]) == (
        "rate_limit_exceeded",
        "requests",
    )
    dify = client.post(DIFY, json=RETRIEVAL)
    assert_slowed(dify, 86_400)
    assert dify.get_json()["error_code"] == 429
    assert client.get("/healthz").status_code == 200
    assert other.get("/v1/collections").status_code == 200


def test_the_rate_of_keys_that_have_none(settings: Settings, fake: FakeEngine) -> None:
    settings = settings.model_copy(update={"key_rate": "2/day", "api_key": SecretStr("single")})
    app = create_app(settings, fake)  # type: ignore[arg-type]
    (of_none, first), (of_its_own, second) = make_key("a", ("ask",)), make_key("b", ("ask",), rate="3/day")
    add_key(settings.data_dir, of_none)
    add_key(settings.data_dir, of_its_own)
    for text, most in ((first, 2), (second, 3), ("single", 2)):
        client = with_key(app, text)
        assert [client.get("/v1/collections").status_code for _ in range(most + 1)] == [200] * most + [429]


def test_an_article_is_open_to_who_asks_and_no_list_is(make: Make) -> None:
    client = make("ask")
    assert client.get("/v1/articles/a").status_code in (200, 404)
    assert client.get("/v1/articles").status_code == 403


def test_a_clock_set_back_does_not_lock_a_key_out(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(rate="1/minute")
    assert client.get("/v1/collections").status_code == 200
    earlier = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: earlier)
    assert client.get("/v1/collections").status_code == 200
    assert_slowed(client.get("/v1/collections"), 60)


def test_how_many_requests_of_a_key_run_at_a_time(
    make: Make, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, other = make(concurrency=1), make(concurrency=1)
    entered, leave = threading.Event(), threading.Event()
    ask = fake.ask

    def slow(given: Any) -> Any:
        entered.set()
        assert leave.wait(30)
        return ask(given)

    monkeypatch.setattr(fake, "ask", slow)
    found: list[int] = []

    def run() -> None:
        with client.post("/v1/ask", json={"question": "a"}) as answer:
            found.append(answer.status_code)

    thread = threading.Thread(target=run)
    thread.start()
    assert entered.wait(30)
    with client.get("/v1/collections") as answer:
        assert_slowed(answer, 1)
    with other.get("/v1/collections") as answer:
        assert answer.status_code == 200
    leave.set()
    thread.join(30)
    assert found == [200]
    for _ in range(3):
        with client.get("/v1/collections") as answer:
            assert answer.status_code == 200


def test_a_place_is_held_until_a_stream_ends_or_is_left(make: Make) -> None:
    client = make(concurrency=1)
    make("admin").post("/v1/articles", json={"articles": [{"id": "a", "text": "夜班车"}]})
    body = {**CHAT, "stream": True}
    for read in (True, False):
        with client.post(OPENAI, json=body, buffered=False) as streaming:
            assert streaming.status_code == 200
            pieces: Iterator[bytes] = streaming.iter_encoded()
            assert next(iter(pieces))
            with client.get("/v1/collections") as answer:
                assert_slowed(answer, 1)
            if read:
                assert b"".join(pieces)
        with client.get("/v1/collections") as answer:
            assert answer.status_code == 200


def test_a_place_is_given_back_after_a_failure(make: Make, fake: FakeEngine) -> None:
    client = make(concurrency=1)
    fake.failure = RuntimeError("x")
    for _ in range(3):
        with client.post("/v1/ask", json={"question": "a"}) as answer:
            assert answer.status_code == 500


def test_no_key_is_ever_logged(
    app: Flask, make: Make, fake: FakeEngine, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    caplog.set_level(logging.DEBUG)
    client = make("admin", rate="99/day", concurrency=30)
    secret = client.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    fake.failure = RuntimeError("x")
    for one in (client, with_key(app, secret + "x")):
        for path in ("/v1/ask", OPENAI, DIFY, "/v1/none"):
            answer = one.post(path, json={"question": "a", **CHAT})
            assert secret not in answer.text + str(answer.headers)
    assert caplog.records
    assert secret not in caplog.text
    assert secret.split("_", 2)[2] not in caplog.text
    whole = settings.model_copy(update={"api_key": SecretStr("my-secret"), "generator_key": SecretStr("my-secret")})
    assert "my-secret" not in repr(whole) + str(whole.model_dump_json())
