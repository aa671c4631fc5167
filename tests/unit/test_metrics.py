"""What is counted of requests and questions, and what is looked up when metrics are read."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from embeddings.question_cache import CachingEncoder
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.host import EngineHost
from qa_service.http.watching.vitals_metrics import MOST_COLLECTIONS, OTHERS
from qa_service.types import Ask, Readiness
from qa_service.vitals import CollectionVitals, Vitals
from tests.conftest import add
from tests.http.fake_engine import FakeEngine, unavailable
from tests.http.scraped import scrape, value


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def client(fake: FakeEngine) -> FlaskClient:
    return create_app(Settings(), fake).test_client()  # type: ignore[arg-type]


def test_requests_are_counted_by_route_and_status(client: FlaskClient) -> None:
    client.post("/v1/articles", json={"articles": [{"id": "a/b", "text": "夜班车"}]})
    client.get("/v1/articles/a%2Fb")
    client.get("/v1/articles/nowhere")
    client.get("/static/page.js")
    client.get("/wp-admin.php")
    client.post("/healthz")
    found = scrape(client)
    counted = found["qa_request_seconds_count"]
    labels = {(dict(key)["endpoint"], dict(key)["status"]): count for key, count in counted.items()}
    assert labels == {
        ("POST /v1/articles", "200"): 1,
        ("GET /v1/articles/{article_id}", "200"): 1,
        ("GET /v1/articles/{article_id}", "404"): 1,
        ("GET /static/{filename}", "200"): 1,
        ("none", "404"): 1,
        ("none", "405"): 1,
    }
    assert value(found, "qa_request_seconds_sum", endpoint="POST /v1/articles", status="200") > 0


def test_questions_are_counted_whatever_the_protocol(client: FlaskClient, fake: FakeEngine) -> None:
    client.post("/v1/articles", json={"articles": [{"id": "a", "text": "夜班车"}]})
    fake.timings = {"encode": 4.0, "turn": 0.5, "total": 20.0}
    client.post("/v1/ask", json={"question": "夜"})
    client.post("/v1/chat/completions", json={"model": "qa-default", "messages": [{"role": "user", "content": "夜班"}]})
    client.post("/v1/vector_stores/default/search", json={"query": "车"})
    fake.score = 0.01
    client.post("/v1/ask", json={"question": "夜"})
    found = scrape(client)
    asked = len(fake.asked)
    assert asked >= 4
    assert value(found, "qa_questions_total", answerable="true") == asked - 1
    assert value(found, "qa_questions_total", answerable="false") == 1
    assert value(found, "qa_confidence_count") == value(found, "qa_question_seconds_count") == asked
    assert value(found, "qa_confidence_bucket", le="0.05") == 1
    assert value(found, "qa_question_seconds_sum") == pytest.approx(0.02 * asked)
    assert value(found, "qa_stage_seconds_sum", stage="encode") == pytest.approx(0.004 * asked)
    assert value(found, "qa_stage_seconds_count", stage="turn") == asked
    assert value(found, "qa_stage_seconds_count", stage="total") == 0


def test_a_stream_is_counted_when_it_ends(client: FlaskClient) -> None:
    chat = {"model": "qa-default", "stream": True, "messages": [{"role": "user", "content": "夜班车几点？"}]}
    answer = client.post("/v1/chat/completions", json=chat, buffered=False)
    which = {"endpoint": "POST /v1/chat/completions", "status": "200"}
    assert value(scrape(client), "qa_request_seconds_count", **which) == 0
    assert b"[DONE]" in answer.data
    answer.close()
    assert value(scrape(client), "qa_request_seconds_count", **which) == 1


def test_refusals_are_counted_by_reason(fake: FakeEngine) -> None:
    client = create_app(Settings(api_key=SecretStr("right")), fake).test_client()  # type: ignore[arg-type]
    client.post("/v1/ask", json={"question": "a"})
    client.post("/v1/ask", json={"question": "a"}, headers={"Authorization": "Bearer wrong"})
    fake.failure = unavailable()
    client.post("/v1/ask", json={"question": "a"}, headers={"Authorization": "Bearer right"})
    client.post("/v1/ask", data=b"{", headers={"Authorization": "Bearer right"})
    fake.state = Readiness(False, "closing")
    assert client.get("/readyz").status_code == 503
    fake.failure = None
    refused = client.get("/metrics", headers={"Authorization": "Bearer right"}).text
    lines = sorted(line for line in refused.splitlines() if line.startswith("qa_refused_total{"))
    assert lines == [
        'qa_refused_total{reason="unauthorized"} 1.0',
        'qa_refused_total{reason="unavailable"} 1.0',
        'qa_refused_total{reason="wrong-key"} 1.0',
    ]


def test_no_label_is_what_a_client_sent(client: FlaskClient) -> None:
    for path in ("/v1/articles/evil-label", "/evil-label", "/v1/jobs/evil-label", "/evil-label?collection=evil-label"):
        client.get(path)
    client.get("/v1/articles?collection=evil-label")
    client.post("/v1/ask", json={"question": "evil-label", "collection": "evil-label"})
    client.open("/v1/ask", method="EVIL-LABEL")
    client.get("/healthz", headers={"X-Request-ID": "evil-label"})
    assert "evil" not in client.get("/metrics").text.lower()


def test_only_so_many_collections_have_labels(client: FlaskClient, fake: FakeEngine) -> None:
    sizes = range(MOST_COLLECTIONS + 3)
    fake.seen = Vitals(collections=tuple(CollectionVitals(f"c{n}", 1, n, float(n), float(n)) for n in sizes))
    found = scrape(client)
    assert len(found["qa_index_passages"]) == MOST_COLLECTIONS + 1
    assert value(found, "qa_index_passages", collection=OTHERS) == 0 + 1 + 2
    assert value(found, "qa_index_articles", collection=OTHERS) == 3
    assert value(found, "qa_generation_age_seconds", collection=OTHERS) == 2
    assert value(found, "qa_generation_lag_seconds", collection=OTHERS) == 2
    assert value(found, "qa_index_passages", collection=f"c{MOST_COLLECTIONS}") == MOST_COLLECTIONS


def test_what_is_looked_up(settings: Settings) -> None:
    encoder = CachingEncoder(ToyEncoder(), 100)
    engine = Engine.open(settings, encoder)
    client = create_app(settings, engine).test_client()
    add(engine, {"a": "夜间巴士每二十分钟一班。末班车在凌晨三点开出。", "b": "票价为十元。"})
    engine.create_collection("news")
    for question in ("末班车几点？", "末班车几点？", "票价多少？"):
        client.post("/v1/ask", json={"question": question})
    found = scrape(client)
    assert value(found, "qa_ready") == 1
    assert found["qa_check_ok"] and all(found["qa_check_ok"].values())
    assert value(found, "qa_index_articles", collection="default") == 2
    assert value(found, "qa_index_passages", collection="news") == 0
    assert found["qa_generation_age_seconds"].keys() >= {(("collection", "default"),)}
    hits, misses = encoder.cache_counts()
    assert hits >= 1 and misses >= 2
    assert value(found, "qa_question_cache_total", result="hit") == hits
    assert value(found, "qa_question_cache_total", result="miss") == misses
    counts = encoder.joined_counts()
    assert value(found, "qa_encoder_batch_texts_count") == value(found, "qa_encoder_batch_texts_bucket", le="+Inf")
    assert value(found, "qa_encoder_batch_texts_count") == counts.runs >= 2
    assert value(found, "qa_encoder_batch_texts_bucket", le="1.0") == counts.sizes[1] >= 2
    assert value(found, "qa_encoder_batch_texts_sum") == counts.texts
    assert value(found, "qa_disk_free_bytes") > 0
    engine.submit([], "default")
    assert value(scrape(client), "qa_jobs", state="queued") == 1
    engine.close()


def test_the_stages_of_a_real_answer(engine: Engine) -> None:
    client = create_app(engine.settings, engine).test_client()
    add(engine, {"a": "夜间巴士每二十分钟一班。"})
    asked = engine.ask(Ask("巴士多久一班？"))
    stages = {dict(key)["stage"] for key in scrape(client)["qa_stage_seconds_count"]}
    assert stages == set(asked.timings_ms) - {"total"}


def test_metrics_without_an_engine(monkeypatch: pytest.MonkeyPatch, fake: FakeEngine) -> None:
    monkeypatch.setattr(EngineHost, "start", lambda _host: None)
    client = create_app(Settings()).test_client()
    assert client.post("/v1/ask", json={"question": "a"}).status_code == 503
    found = scrape(client)
    assert found["qa_ready"] == {(): 0.0}
    assert value(found, "qa_refused_total", reason="loading") == 1


def test_metrics_when_what_is_stored_cannot_be_read(client: FlaskClient, fake: FakeEngine) -> None:
    client.post("/v1/ask", json={"question": "a"})
    fake.failure = RuntimeError("the disk is gone")
    found = scrape(client)
    assert value(found, "qa_confidence_count") == 1
    assert not found.get("qa_index_passages")


def test_openmetrics_is_given_to_who_asks_for_it(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_applications_count_for_themselves(fake: FakeEngine) -> None:
    one, other = (create_app(Settings(), made) for made in (fake, FakeEngine()))  # type: ignore[arg-type]
    one.test_client().post("/v1/ask", json={"question": "a"})
    assert value(scrape(one.test_client()), "qa_confidence_count") == 1
    assert value(scrape(other.test_client()), "qa_confidence_count") == 0


def test_what_the_server_has_to_do(client: FlaskClient, fake: FakeEngine) -> None:
    refused = Counter(full=3, streams=2)
    client.application.extensions["load"] = SimpleNamespace(
        working=4, waiting={"question": 5, "write": 3, "side": 1, "state": 1}, connections=6, refused=refused
    )
    fake.seen = Vitals(waiting=2)
    for _ in range(2):
        found = scrape(client)
        waiting = {kind: value(found, "qa_queue_waiting", kind=kind) for kind in ("question", "write", "side")}
        assert waiting == {"question": 7, "write": 3, "side": 1}
        assert (value(found, "qa_requests_working"), value(found, "qa_connections")) == (4, 6)
        assert found["qa_refused_total"] == {(("reason", "full"),): 3.0}
