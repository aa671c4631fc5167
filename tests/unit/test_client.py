"""The Python client against the application, without a network: everything it does."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service import errors as qa
from qa_service.client import Client, InvalidRequest, NotFound, Unavailable
from qa_service.client import articles as client_articles
from qa_service.http import limits
from qa_service.types import Freshness, Job, Outcome, Readiness, Span, Submission, Turn
from tests.http.fake_engine import MADE_AT, FakeEngine, shared_application
from tests.unit.client_transport import over

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def service(fake: FakeEngine) -> Iterator[Client]:
    with Client(transport=over(shared_application()[0])) as client:
        yield client


def test_ask_gives_the_types_of_the_service(service: Client, fake: FakeEngine) -> None:
    service.add([{"id": "a/b", "title": "题", "text": "夜班车😀", "url": "http://a/", "metadata": {"k": [1]}}])
    result = service.ask("夜？", top_k=3, explain=True)
    assert (result.question, result.answerable, result.confidence) == ("夜？", True, 0.75)
    assert result.answer is not None
    assert result.answer.text == "夜班车😀"
    [passage] = result.passages
    assert (passage.article_id, passage.title, passage.url, passage.metadata) == ("a/b", "题", "http://a/", {"k": [1]})
    assert (passage.highlights, passage.omitted, passage.also_in[0].article_id) == ((Span(0, 4),), (), "other")
    assert (result.explain, result.generation, result.timings_ms) == ({"coverage": 1.0}, "g1", {"total": 1.5})
    assert service.ask("无", min_confidence=1.0).passages == ()


def test_every_option_of_a_question_arrives(service: Client, fake: FakeEngine) -> None:
    service.create_collection("news")
    service.ask(
        "q",
        collection="news",
        top_k=7,
        filters={"type": "eq", "key": "topic", "value": "health"},
        history=[Turn("user", "before"), {"role": "assistant", "content": "an answer"}],
        min_confidence=0.4,
        text_form="repaired",
        freshness=Freshness(30, 0.1),
    )
    asked = fake.asked[-1]
    assert (asked.collection, asked.top_k, asked.min_confidence, asked.text_form) == ("news", 7, 0.4, "repaired")
    assert asked.filters is not None
    assert asked.freshness == Freshness(30, 0.1)
    assert asked.history == (Turn("user", "before"), Turn("assistant", "an answer"))
    assert asked.explain is False
    service.ask("q")
    assert (fake.asked[-1].filters, fake.asked[-1].min_confidence, fake.asked[-1].top_k) == (None, None, 5)


def test_articles_of_every_kind(service: Client, fake: FakeEngine, tmp_path: Path) -> None:
    page = tmp_path / "页.html"
    page.write_bytes("<p>中</p>".encode("gb18030"))
    outcomes = service.add(
        [
            {"text": "一"},
            Submission("二".encode("gbk"), id="s", content_type="text/plain", charset="gbk", metadata={"n": 1}),
            page,
            {"id": "blank", "text": " "},
        ],
        collection="mixed",
    )
    assert [one.outcome for one in outcomes] == ["created", "created", "created", "rejected"]
    assert outcomes[0] == Outcome(hashlib.sha256("一".encode()).hexdigest(), "created", None, 1)
    assert outcomes[3].reason == "the article is empty"
    given, file = fake.submitted[1:3]
    assert (given.content, given.charset, given.metadata) == ("二".encode("gbk"), "gbk", {"n": 1})
    assert (file.id, file.content, file.content_type) == ("页.html", "<p>中</p>".encode("gb18030"), "text/html")


def test_ingest_sends_as_many_requests_as_it_takes(service: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    send = service._connection.send
    monkeypatch.setattr(service._connection, "send", lambda *a, **k: (sent.append(len(k["content"])), send(*a, **k))[1])
    outcomes = service.ingest({"id": str(number), "text": "x"} for number in range(250))
    assert next(outcomes).id == "0"
    assert len(sent) == 1
    assert len(list(outcomes)) == 249
    assert len(sent) == 3
    sent.clear()
    large = {"text": "大" * 1_500_000}
    assert [one.outcome for one in service.add([{**large, "id": f"large-{number}"} for number in range(3)])] == [
        "created"
    ] * 3
    assert len(sent) == 3
    assert max(sent) < limits.MAX_BODY_BYTES


def test_an_article_too_large_for_one_request_goes_as_a_job(service: Client, fake: FakeEngine) -> None:
    [before, large, after] = service.add(
        [{"id": "a", "text": "x"}, {"id": "b", "text": "大" * 3_000_000}, {"id": "c", "text": "y"}]
    )
    assert (before.id, large.id, after.id) == ("a", "b", "c")
    assert [job.outcomes for job in fake.jobs.values()] == [(large,)]


def test_the_limits_are_those_of_the_service() -> None:
    assert (client_articles.MAX_ARTICLES, client_articles.MAX_BYTES) == (limits.MAX_ARTICLES, limits.MAX_BODY_BYTES)


def test_articles_are_listed_read_and_deleted(service: Client) -> None:
    ids = [f"a{number:03}" for number in range(450)]
    service.add([{"id": one, "text": "夜班车"} for one in ids])
    assert [one.id for one in service.articles()] == ids
    article = service.article("a007")
    assert (article.summary.id, article.text, article.summary.passages) == ("a007", "夜班车", 1)
    assert (article.passages[0].sentences, article.audit.changes) == ((Span(0, 3),), ())
    service.delete_article("a007")
    with pytest.raises(NotFound) as caught:
        service.article("a007")
    assert (caught.value.status, caught.value.kind, caught.value.field) == (404, "not-found", "id")
    assert caught.value.request_id
    assert isinstance(caught.value, qa.NotFound)


@pytest.mark.parametrize(
    "article_id", ["..", ".", "a//b", "/lead", "trail/", "x?y#z", "%2F", "a/../b", "é 中", "a+b&c"]
)
def test_odd_ids_are_encoded(service: Client, article_id: str) -> None:
    service.add([{"id": article_id, "text": "x"}])
    assert service.article(article_id).summary.id == article_id
    service.delete_article(article_id)
    assert list(service.articles()) == []


def test_collections(service: Client) -> None:
    assert service.create_collection("news") is True
    assert service.create_collection("news") is False
    service.add([{"text": "x"}], collection="news")
    sizes = {one.name: (one.articles, one.created_at) for one in service.collections()}
    assert sizes == {"default": (0, MADE_AT), "news": (1, MADE_AT)}
    service.delete_collection("news")
    assert [one.name for one in service.collections()] == ["default"]
    with pytest.raises(InvalidRequest, match="is not a collection name"):
        service.create_collection("a b")


def test_jobs(service: Client) -> None:
    job = service.submit([{"id": "a", "text": "x"}], collection="news")
    assert job == Job("job-1", "news", "done", 1, 1, (Outcome("a", "created", None, 1),), None, MADE_AT, MADE_AT)
    assert service.job(job.id) == service.wait(job) == service.wait(job.id) == job
    with pytest.raises(NotFound):
        service.job("none")


def test_state(service: Client, fake: FakeEngine) -> None:
    assert service.health() is True
    assert service.ready() == service.wait_ready(1) == Readiness(True, "ready", ("a warning",))
    fake.state = Readiness(False, "the disk is full")
    assert service.ready() == Readiness(False, "the disk is full")
    with pytest.raises(Unavailable, match="the disk is full"):
        service.wait_ready(0)


def test_importing_it_brings_nothing_of_the_service() -> None:
    code = (
        "import sys; import qa_service.client\n"
        "heavy = {'numpy', 'torch', 'flask', 'faiss', 'jieba', 'pydantic', 'regex', 'lxml'} & set(sys.modules)\n"
        "heavy |= {name for name in sys.modules if name.startswith(('qa_service.http', 'qa_service.engine'))}\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
