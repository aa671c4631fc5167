"""What the client makes of answers, and of none: every value back as it was, and a clear error for everything else."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest

from qa_service.audit import Audit, Change, Omission
from qa_service.client import Client, Loading, ServiceError, TimedOut, Unavailable, Unreachable
from qa_service.errors import BadInput
from qa_service.explanation import (
    Account,
    BestSentence,
    Closeup,
    Copies,
    Explanation,
    FailedCondition,
    First,
    Leg,
    Legs,
    MissingWord,
    Standing,
    StandsFor,
    StoodForBy,
    Verdict,
    explanation_to_dict,
)
from qa_service.http.serialize import article_to_dict
from qa_service.rendering import result_to_dict
from qa_service.types import (
    Answer,
    ArticleDetail,
    ArticleSummary,
    Copy,
    RankedPassage,
    Readiness,
    Result,
    Span,
    StoredPassage,
)

Handler = Callable[[httpx2.Request], httpx2.Response]
READY = {"ready": True, "status": "ready", "warnings": []}


def answering(*answers: tuple[int, object] | Handler) -> Client:
    """Make a client of a service that gives these answers in turn, the last one for ever."""
    left: Iterator[tuple[int, object] | Handler] = iter(answers)
    last: list[tuple[int, object] | Handler] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        last[:] = [next(left, last[0] if last else (500, ""))]
        answer = last[0]
        if callable(answer):
            return answer(request)
        status, body = answer
        return httpx2.Response(status, content=body if isinstance(body, str | bytes) else json.dumps(body))

    return Client("http://qa.test", transport=httpx2.MockTransport(handle))


def problem(kind: str, status: int = 503) -> tuple[int, dict[str, object]]:
    errors = [{"field": None, "problem": f"it is {kind}", "remedy": "try again"}]
    return status, {"type": f"urn:qa-service:problem:{kind}", "status": status, "detail": "x", "errors": errors}


def test_a_result_comes_back_as_it_was() -> None:
    passage = RankedPassage(
        1, 0.9, "p", "a", "t", None, "2024-01-01", "text", 3, 7, (Span(3, 5),), (Span(5, 6),),
        (Copy("b", None, "http://b/", 0, 4),), {"k": {"n": [1, None]}},
    )  # fmt: skip
    result = Result("q", True, 0.9, Answer("te", "p", "a", 3, 5), (passage,), {"total": 1.0}, "g", {"words": []})
    assert answering((200, result_to_dict(result))).ask("q") == result


def test_an_article_comes_back_as_it_was() -> None:
    summary = ArticleSummary(
        "a", None, None, None, {"k": 1}, "00", "text/html", "gb18030", 4, 1, "2024-01-01T00:00:00Z"
    )
    audit = Audit(("decoded",), (Change("glyph", 0, 1, "x", "y", "r"),), (Omission(1, 2, "menu"),))
    passage = StoredPassage("p", 0, 4, (Span(0, 2), Span(2, 4)), (Span(1, 2),))
    article = ArticleDetail(summary, "text", (passage,), audit=audit)
    assert answering((200, article_to_dict(article, "original"))).article("a") == article


@pytest.mark.parametrize("searched", [True, False])
def test_an_explanation_comes_back_as_it_was(searched: bool) -> None:
    leg = Leg(1, 0.5, True, 0.1)
    account = Account(
        Legs(leg, leg, Leg(None, 0.0, False, None)), Standing(1, 0.7), None, None, {"dense": 0.4}, None, 0.5, 0.0, None
    )
    closeup = Closeup((MissingWord("夜", 2.5, True),), BestSentence(0, 2, 0.8, "夜班"))
    explanation = Explanation(
        "q", "default", "a", "p" if searched else None, Verdict("copy", None, None, "why"), ("夜", "班"), 0.5, 0.1, 9,
        account if searched else None, closeup if searched else None,
        Copies(StoodForBy("b", "pb", 1, 0.9), (StandsFor("c", 0, 3),)) if searched else None,
        (FailedCondition("topic", "eq", ("x", "y")),), {"kind": "fragment"} if searched else None,
        First("b", "pb", 0.9, account, closeup) if searched else None, "g",
    )  # fmt: skip
    body = json.loads(json.dumps(explanation_to_dict(explanation)))
    assert answering((200, body)).explain("q", article_id="a") == explanation


def test_fields_that_a_newer_service_adds_are_ignored() -> None:
    body: Mapping[str, Any] = {"ready": True, "status": "ready", "warnings": ["w"], "more": 1}
    assert answering((200, body)).ready() == Readiness(True, "ready", ("w",))


@pytest.mark.parametrize(
    "answer",
    [(200, "<html>"), (200, "[]"), (200, {"ready": True}), (200, {"ready": True, "status": "", "warnings": None})],
)
def test_what_is_no_answer_of_the_service(answer: tuple[int, object]) -> None:
    with pytest.raises(ServiceError) as caught:
        answering(answer).ready()
    assert "version" in str(caught.value)


@pytest.mark.parametrize("status", [301, 404, 500, 502])
def test_errors_that_are_not_the_services(status: int) -> None:
    with pytest.raises(ServiceError, match=rf"http://qa.test answered {status}") as caught:
        answering((status, "<h1>nginx</h1>")).collections()
    assert isinstance(caught.value, Unavailable) == (status == 502)
    assert caught.value.status == status


def test_waiting_for_a_service_that_loads() -> None:
    assert answering(problem("loading"), problem("loading"), (200, READY)).wait_ready(30).ready
    with pytest.raises(Loading, match="it is loading") as caught:
        answering(problem("loading")).wait_ready(0.1)
    assert caught.value.status == 503
    with pytest.raises(Loading):
        answering(problem("loading")).ask("q")
    assert answering(problem("loading")).ready() == Readiness(False, "it is loading")
    # It will never come, so there is no waiting for it.
    with pytest.raises(Unavailable, match="load-failed"):
        answering(problem("load-failed")).wait_ready(3600)


def test_waiting_for_a_job() -> None:
    def job(state: str) -> tuple[int, object]:
        times = {"created_at": "t", "finished_at": None}
        return 200, {"job": {"id": "j", "collection": "c", "state": state, "total": 9, "done": 4, "articles": [],
                             "error": None, **times}}  # fmt: skip

    assert answering(job("queued"), job("running"), job("failed")).wait("j").state == "failed"
    with pytest.raises(TimedOut, match="has done 4 of 9 articles"):
        answering(job("running")).wait("j", timeout=0.1)


def test_nobody_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with Client(url) as client:
            with pytest.raises(Unreachable) as caught:
                client.ask("q")
            assert client.health() is False
            with pytest.raises(Unreachable):
                client.ready()
            with pytest.raises(Unreachable):
                client.wait_ready(0.1)
    assert f"cannot reach qa-service at {url}" in str(caught.value)
    assert "qa-service serve" in str(caught.value)
    assert caught.value.status is None


def test_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(url, timeout=0.1) as client, pytest.raises(TimedOut, match="did not answer in time"):
            client.collections()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://host", "http://", "http://h:x", "http://h/?q=1"])
def test_wrong_urls(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Client(url)
    assert caught.value.field == "base_url"


def test_base_urls() -> None:
    seen = []

    def note(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return httpx2.Response(200, json=READY)

    for url in ("http://h:1/", "http://h:1/v1/", "http://h:1/qa/v1", "https://h"):
        Client(url, transport=httpx2.MockTransport(note)).ready()
    assert seen == ["http://h:1/readyz", "http://h:1/readyz", "http://h:1/qa/readyz", "https://h/readyz"]
