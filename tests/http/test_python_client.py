"""The Python client against a running service: what only the real engine and a real socket can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_service.client import Client, InvalidRequest, NotFound
from qa_service.rendering import result_to_dict
from tests.http.conftest import Server
from tests.http.service import serving

pytestmark = pytest.mark.http

CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号🙂。"
QUESTION = "第二社区医院的院长是谁?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("client"), cache_dir, QA_MIN_CONFIDENCE="0") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}") as opened:
        yield opened


def test_a_result_is_what_the_service_sends(client: Client, server: Server) -> None:
    client.add([{"id": "城/医院", "text": CLINIC}, {"id": "copy", "text": CLINIC}])
    result = client.ask(QUESTION, explain=True)
    sent = server.ask(QUESTION, explain=True)
    made = result_to_dict(result)
    for body in (sent, made):
        del body["timings_ms"]
    assert made == sent
    assert result.answer is not None
    assert CLINIC[result.answer.start : result.answer.end] == result.answer.text
    assert len(result.passages[0].also_in) == 1


def test_an_explanation(client: Client) -> None:
    client.add([{"id": "城/医院", "text": CLINIC}, {"id": "bus", "text": "公交二路自九月起延长到火车站。"}])
    explanation = client.explain(QUESTION, article_id="bus", top_k=1)
    assert (explanation.result.stage, explanation.article_id) == ("outranked", "bus")
    assert explanation.account is not None
    assert explanation.closeup is not None
    assert explanation.closeup.best_sentence.text.startswith("公交二路")
    assert explanation.first is not None
    assert explanation.first.account.legs.window.rank == 1
    passage = client.ask(QUESTION).passages[0]
    assert client.explain(QUESTION, passage_id=passage.passage_id).result.rank == 1
    with pytest.raises(InvalidRequest, match="exactly one of article_id and passage_id"):
        client.explain(QUESTION)


@pytest.mark.parametrize(
    "article_id", ["..", ".", "a//b", "/lead", "trail/", "x?y#z", "%2F", "a/../b", "é 中", "a+b&c"]
)
def test_odd_ids(client: Client, article_id: str) -> None:
    client.add([{"id": article_id, "text": CLINIC}], collection="odd")
    article = client.article(article_id, collection="odd")
    assert (article.summary.id, article.text) == (article_id, CLINIC)
    client.delete_article(article_id, collection="odd")
    with pytest.raises(NotFound):
        client.article(article_id, collection="odd")


def test_an_article_with_repairs(client: Client) -> None:
    client.add([{"id": "dirty", "text": "主任要負(fù)責(zé)任地復(fù)查。" * 2}], collection="dirty")
    article = client.article("dirty", collection="dirty", text_form="repaired")
    assert "(zé)" not in article.text
    assert {change.kind for change in article.audit.changes} == {"pinyin"}
    assert client.article("dirty", collection="dirty").passages[0].sentences


def test_a_job_and_a_large_article(client: Client) -> None:
    job = client.wait(client.submit([{"id": str(number), "text": CLINIC} for number in range(120)], collection="jobs"))
    assert (job.state, job.done, len(job.outcomes)) == ("done", 120, 120)
    assert len(list(client.articles("jobs"))) == 120
    page = "<p>" + CLINIC + "</p><!--" + "x" * 9_000_000 + "-->"
    [outcome] = client.add([{"id": "large", "html": page}], collection="jobs")
    assert (outcome.outcome, outcome.passages) == ("created", 1)
    client.delete_collection("jobs")
    with pytest.raises(NotFound):
        client.ask(QUESTION, collection="jobs")
