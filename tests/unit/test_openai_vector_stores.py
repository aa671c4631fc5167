"""Vector store search over HTTP: the passages and scores of `/v1/ask`, in the shape of OpenAI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from tests.conftest import article
from tests.http.fake_engine import FakeEngine
from tests.http.openai_error import assert_openai_error

PATH = "/v1/vector_stores/news/search"
QUESTION = "第二医院的疫苗门诊几点开门？"
BUS = "夜间公交末班车几点？"
EQ = {"type": "eq", "key": "topic", "value": "health"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Any) -> Iterator[Engine]:
    data = tmp_path_factory.mktemp("stores")
    opened = Engine.open(Settings(data_dir=data, cache_dir=cache_dir, model="toy"), ToyEncoder())
    metadata = {"topic": "health", "floor": 3, "open": True, "none": None, "tags": ["a"], "in": {"b": "北"}, "start": 9}
    articles = [
        article(
            "clinic", "第二医院的疫苗门诊上午八点开门。", title="疫苗门诊", url="https://example.org/clinic",
            published_at="2024-05-31", metadata=metadata,
        ),
        article("bus", "夜间公交每二十分钟一班，医院站末班车三点。", metadata={"topic": "transport"}),
        *(article(f"a{number}", f"第{number}号仓库在东区。") for number in range(12)),
    ]  # fmt: skip
    list(opened.ingest(articles, "news"))
    pretended = {"url": "javascript:alert(1)", "published_at": "2030-01-01", "passage_id": "fake"}
    list(opened.ingest([article("bare", "第二医院的疫苗门诊上午八点开门。", metadata=pretended)], "bare"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def served(engine: Engine) -> FlaskClient:
    return create_app(engine.settings, engine).test_client()


def search(client: FlaskClient, query: Any = QUESTION, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(PATH, json={"query": query, **body})
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert set(found) == {"object", "search_query", "data", "has_more", "next_page"}
    assert found["object"] == "vector_store.search_results.page"
    assert (found["has_more"], found["next_page"]) == (False, None)
    assert found["search_query"] == ([query] if isinstance(query, str) else query)
    data: list[dict[str, Any]] = found["data"]
    for one in data:
        assert set(one) == {"file_id", "filename", "score", "attributes", "content"}
        assert [part["type"] for part in one["content"]] == ["text"]
        assert all(isinstance(value, str | int | float) for value in one["attributes"].values())
    return data


def ask(client: FlaskClient, question: str, **body: Any) -> list[tuple[str, float]]:
    answer = client.post("/v1/ask", json={"question": question, "collection": "news", **body}).get_json()
    return [(passage["passage_id"], passage["score"]) for passage in answer["passages"]]


def scores(data: list[dict[str, Any]]) -> list[tuple[str, float]]:
    return [(one["attributes"]["passage_id"], one["score"]) for one in data]


@pytest.mark.parametrize("filters", [None, EQ, {"type": "or", "filters": [EQ, {**EQ, "value": "transport"}]}])
@pytest.mark.parametrize("most", [None, 1, 10, 50])
def test_results_are_those_of_ask(served: FlaskClient, most: int | None, filters: Any) -> None:
    found = search(served, filters=filters, max_num_results=most)
    assert scores(found) == ask(served, QUESTION, filters=filters, top_k=most or 10)
    assert found


def test_an_article_cannot_bring_what_only_the_service_says(served: FlaskClient) -> None:
    (found,) = served.post("/v1/vector_stores/bare/search", json={"query": QUESTION}).get_json()["data"]
    attributes = found["attributes"]
    assert not {"url", "published_at"} & set(attributes)
    assert attributes["metadata.url"] == "javascript:alert(1)"
    assert attributes["metadata.published_at"] == "2030-01-01"
    assert attributes["metadata.passage_id"] == "fake" != attributes["passage_id"]


def test_a_result(served: FlaskClient) -> None:
    (found,) = search(served, filters=EQ)
    assert (found["file_id"], found["filename"]) == ("clinic", "疫苗门诊")
    assert found["content"] == [{"type": "text", "text": "第二医院的疫苗门诊上午八点开门。"}]
    attributes = found["attributes"]
    assert attributes.pop("passage_id")
    assert attributes == {
        "start": 0,
        "end": 16,
        "url": "https://example.org/clinic",
        "published_at": "2024-05-31",
        "topic": "health",
        "floor": 3,
        "open": True,
        "tags": '["a"]',
        "in": '{"b":"北"}',
        "metadata.start": 9,
    }
    assert search(served, BUS, max_num_results=1)[0]["filename"] == "bus"


def test_several_queries_are_merged(served: FlaskClient) -> None:
    best: dict[str, float] = {}
    for question in (QUESTION, BUS):
        for passage, score in ask(served, question, top_k=10):
            best[passage] = max(score, best.get(passage, 0.0))
    found = search(served, [QUESTION, BUS, QUESTION])
    assert dict(scores(found)).items() <= best.items()
    assert [score for _, score in scores(found)] == sorted(best.values(), reverse=True)[:10]
    assert {"clinic", "bus"} == {one["file_id"] for one in found[:2]}


def test_the_threshold(served: FlaskClient) -> None:
    every = scores(search(served))
    kept = search(served, ranking_options={"ranker": "auto", "score_threshold": every[0][1]})
    assert scores(kept) == [one for one in every if one[1] >= every[0][1]]
    assert 0 < len(kept) < len(every)
    for off in (None, {}, {"score_threshold": None}, {"score_threshold": 0}, {"ranker": "none"}):
        assert scores(search(served, ranking_options=off)) == every


def test_what_is_ignored(served: FlaskClient) -> None:
    assert scores(search(served, rewrite_query=True, extra=[1])) == scores(search(served))


@pytest.mark.parametrize("name", ["other", "vs_123", "a b", "x" * 65, "新闻", "..%5C", "%00"])
def test_unknown_stores(client: FlaskClient, name: str) -> None:
    answer = client.post(f"/v1/vector_stores/{name}/search", json={"query": "a"})
    assert_openai_error(answer, 404, param="vector_store_id", code="not_found")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no query", {"query": None}, "query"),
    ("a number", {"query": 5}, "query"),
    ("no queries", {"query": []}, "query"),
    ("empty", {"query": ""}, "query"),
    ("blank", {"query": " "}, "query"),
    ("one empty", {"query": ["a", ""]}, "query[1]"),
    ("one a number", {"query": ["a", 5]}, "query[1]"),
    ("too many", {"query": ["a"] * 9}, "query"),
    ("too long", {"query": ["a", "b", "a" * 4001]}, "query[2]"),
    ("control character", {"query": "a\0"}, "query"),
    ("none wanted", {"max_num_results": 0}, "max_num_results"),
    ("too many wanted", {"max_num_results": 51}, "max_num_results"),
    ("wanted text", {"max_num_results": "5"}, "max_num_results"),
    ("options", {"ranking_options": []}, "ranking_options"),
    ("threshold", {"ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold"),
    ("filters", {"filters": []}, "filters"),
    ("empty filters", {"filters": {}}, "filters"),
    ("filter type", {"filters": {**EQ, "type": "like"}}, "filters.type"),
    ("deep value", {"filters": {"type": "or", "filters": [EQ, {**EQ, "value": None}]}}, "filters.filters[1].value"),
]


@pytest.mark.parametrize(("change", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/vector_stores/default/search", json={"query": "a", **change})
    assert_openai_error(answer, 400, param=field)


def test_what_the_engine_is_asked(client: FlaskClient, fake: FakeEngine) -> None:
    assert client.post("/v1/vector_stores/default/search", json={"query": ["a", "b"]}).status_code == 200
    assert [(one.question, one.top_k, one.filters) for one in fake.asked] == [("a", 10, None), ("b", 10, None)]


def test_openai_python(served: FlaskClient) -> None:
    openai = pytest.importorskip("openai")
    httpx = pytest.importorskip("httpx")
    with httpx.Client(transport=httpx.WSGITransport(app=served.application)) as transport:
        user = openai.OpenAI(api_key="none", base_url="http://localhost/v1", http_client=transport, max_retries=0)
        page = user.vector_stores.search(
            "news", query=QUESTION, max_num_results=3, filters=EQ, rewrite_query=True,
            ranking_options={"ranker": "auto", "score_threshold": 0.0},
        )  # fmt: skip
        (found,) = list(page)
        assert (found.file_id, found.filename, found.content[0].type) == ("clinic", "疫苗门诊", "text")
        assert [(found.attributes["passage_id"], found.score)] == ask(served, QUESTION, filters=EQ)
        assert len(list(user.vector_stores.search("news", query=[QUESTION, BUS]))) == 10
        with pytest.raises(openai.NotFoundError):
            user.vector_stores.search("other", query="a")
        with pytest.raises(openai.BadRequestError) as raised:
            user.vector_stores.search("news", query="a", max_num_results=0)
    assert raised.value.param == "max_num_results"
