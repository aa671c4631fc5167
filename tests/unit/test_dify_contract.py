"""Dify's external knowledge API as its clients use it, over a real engine with the toy encoder."""

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

QUESTION = "第二医院的疫苗门诊几点开门？"
DIFY_KEYS = {"score", "title", "dataset_id", "dataset_name"}
KEY = {"Authorization": "Bearer any-key"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Any) -> Iterator[Engine]:
    data = tmp_path_factory.mktemp("dify")
    opened = Engine.open(Settings(data_dir=data, cache_dir=cache_dir, model="toy", min_confidence=0.99), ToyEncoder())
    clinic = {
        "topic": "health",
        "floor": 3,
        "tags": ["flu", "clinic"],
        "place": {"district": "north"},
        "title": "own title",
        "score": 1,
        "dataset_id": "d",
        "dataset_name": "n",
        "document_id": "fake",
        "url": "u",
    }
    articles = [
        article(
            "clinic", "第二医院的疫苗门诊上午八点开门。\n\n停车场在北侧。", title="疫苗门诊", url="https://example.org/clinic",
            published_at="2024-05-31", metadata=clinic,
        ),
        article(
            "bus", "夜间公交每二十分钟一班，医院站末班车三点。", title="夜间公交", published_at="2025-02-01",
            metadata={"topic": "transport", "floor": 7.5, "tags": []},
        ),
        article("plain", "第二医院的图书室周末开门。"),
    ]  # fmt: skip
    list(opened.ingest(articles, "news"))
    pretended = dict.fromkeys(("url", "published_at", "also_in", "passage_id", "start", "collection"), "fake")
    list(opened.ingest([article("bare", "第二医院的疫苗门诊上午八点开门。", metadata=pretended)], "bare"))
    list(opened.ingest([article(name, "第二医院的疫苗门诊上午八点开门。") for name in ("one", "two")], "copies"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(engine: Engine) -> FlaskClient:
    return create_app(engine.settings, engine).test_client()


def retrieve(client: FlaskClient, top_k: int = 50, threshold: float = 0.0, **body: Any) -> list[dict[str, Any]]:
    """Ask as Dify does."""
    given = {
        "knowledge_id": "news",
        "query": QUESTION,
        "retrieval_setting": {"top_k": top_k, "score_threshold": threshold},
        "metadata_condition": None,
        **body,
    }
    answer = client.post("/retrieval", json=given, headers=KEY)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert set(found) == {"records"}
    for record in found["records"]:
        assert set(record) == {"content", "score", "title", "metadata"}
        assert 0 <= record["score"] <= 1
        assert isinstance(record["title"], str) and record["title"]
        assert isinstance(record["metadata"], dict)
        assert isinstance(record["metadata"]["document_id"], str)
        assert not set(record["metadata"]) & DIFY_KEYS
    records: list[dict[str, Any]] = found["records"]
    return records


def ids(records: list[dict[str, Any]]) -> set[str]:
    return {record["metadata"]["document_id"] for record in records}


def condition(name: Any, operator: str, *value: Any) -> dict[str, Any]:
    given = {"name": name, "comparison_operator": operator}
    return given | {"value": value[0]} if value else given


def test_records_are_the_passages_of_ask(client: FlaskClient) -> None:
    asked = client.post("/v1/ask", json={"question": QUESTION, "collection": "news", "top_k": 3}).get_json()
    records = retrieve(client, top_k=3)
    assert asked["answerable"] is False
    assert [(r["content"], r["score"]) for r in records] == [(p["text"], p["score"]) for p in asked["passages"]]
    assert [r["metadata"]["passage_id"] for r in records] == [p["passage_id"] for p in asked["passages"]]


def test_an_article_with_nothing_but_text(client: FlaskClient) -> None:
    plain = next(record for record in retrieve(client) if record["metadata"]["document_id"] == "plain")
    assert plain["title"] == "plain"
    assert set(plain["metadata"]) == {"document_id", "collection", "passage_id", "start", "end"}
    assert plain["metadata"]["start"] == 0
    assert plain["metadata"]["end"] == len(plain["content"])


def test_copies_are_named(client: FlaskClient) -> None:
    (record,) = retrieve(client, knowledge_id="copies")
    assert (record["metadata"]["document_id"], record["metadata"]["also_in"]) == ("one", ["two"])


def test_own_keys_of_an_article_stand_beside_those_of_dify(client: FlaskClient) -> None:
    (record,) = retrieve(client, metadata_condition={"conditions": [condition("topic", "is", "health")]})
    metadata = record["metadata"]
    assert record["title"] == "疫苗门诊"
    assert (metadata["document_id"], metadata["metadata.document_id"]) == ("clinic", "fake")
    assert (metadata["url"], metadata["metadata.url"]) == ("https://example.org/clinic", "u")
    assert (metadata["metadata.title"], metadata["metadata.score"]) == ("own title", 1)
    assert (metadata["metadata.dataset_id"], metadata["metadata.dataset_name"]) == ("d", "n")
    assert (metadata["published_at"], metadata["collection"]) == ("2024-05-31", "news")
    assert (metadata["place"], metadata["tags"]) == ({"district": "north"}, ["flu", "clinic"])
    # The name under which it comes is one that conditions know.
    for name in ("title", "document_id"):
        again = [condition(f"metadata.{name}", "is", metadata[f"metadata.{name}"])]
        assert ids(retrieve(client, metadata_condition={"conditions": again})) == {"clinic"}


def test_an_article_cannot_bring_what_only_the_service_says(client: FlaskClient) -> None:
    (record,) = retrieve(client, knowledge_id="bare")
    assert not {"url", "published_at", "also_in"} & set(record["metadata"])
    for name in ("url", "published_at", "also_in", "passage_id", "start", "collection"):
        assert record["metadata"][f"metadata.{name}"] == "fake"
    assert (record["metadata"]["document_id"], record["metadata"]["start"]) == ("bare", 0)


ALL = {"clinic", "bus", "plain"}
OPERATORS: list[tuple[Any, ...]] = [
    ("contains", "topic", "heal", {"clinic"}),
    ("not contains", "topic", "heal", {"bus", "plain"}),
    ("start with", "topic", "trans", {"bus"}),
    ("end with", "topic", "port", {"bus"}),
    ("is", "topic", "health", {"clinic"}),
    ("is not", "topic", "health", {"bus", "plain"}),
    ("in", "topic", ["health", "other"], {"clinic"}),
    ("in", "topic", "health, transport", {"clinic", "bus"}),
    ("not in", "topic", ["health", "other"], {"bus", "plain"}),
    ("empty", "tags", None, {"bus", "plain"}),
    ("not empty", "tags", None, {"clinic"}),
    ("=", "floor", 3, {"clinic"}),
    ("=", "floor", "3.0", {"clinic"}),
    ("≠", "floor", 3, {"bus", "plain"}),
    (">", "floor", 3, {"bus"}),
    ("<", "floor", "7.5", {"clinic"}),
    ("≥", "floor", 3, {"clinic", "bus"}),
    ("≤", "floor", 3, {"clinic"}),
    ("before", "published_at", "2025-01-01", {"clinic"}),
    ("after", "published_at", 1735689600, {"bus"}),
    ("is", "tags", "flu", {"clinic"}),
    ("is", "place.district", "north", {"clinic"}),
    ("is", "document_id", "plain", {"plain"}),
    ("is", ["no", "topic"], "transport", {"bus"}),
    ("is not", ["no", "topic"], "transport", {"clinic", "plain"}),
]


@pytest.mark.parametrize(("operator", "name", "value", "expected"), OPERATORS)
def test_operators(client: FlaskClient, operator: str, name: Any, value: Any, expected: set[str]) -> None:
    given = [condition(name, operator, value)]
    assert ids(retrieve(client, metadata_condition={"logical_operator": "and", "conditions": given})) == expected


@pytest.mark.parametrize("operator", ["empty", "not empty"])
@pytest.mark.parametrize("value", [(), (None,), ("",), ("{{topic}}",)])
def test_presence_needs_no_value(client: FlaskClient, operator: str, value: tuple[Any, ...]) -> None:
    given = {"logical_operator": None, "conditions": [condition("tags", operator, *value)]}
    assert ("clinic" in ids(retrieve(client, metadata_condition=given))) == (operator == "not empty")


def test_every_operator_of_the_contract_is_tried() -> None:
    listed = "contains,not contains,start with,end with,is,is not,in,not in,empty,not empty,=,≠,>,<,≥,≤,before,after"
    assert {row[0] for row in OPERATORS} == set(listed.split(","))


@pytest.mark.parametrize(
    ("logic", "expected"), [("or", {"clinic", "bus"}), ("and", set()), (None, set())], ids=["or", "and", "null"]
)
def test_conditions_are_joined(client: FlaskClient, logic: str | None, expected: set[str]) -> None:
    conditions = [condition("topic", "is", "health"), condition("topic", "is", "transport")]
    found = retrieve(client, metadata_condition={"logical_operator": logic, "conditions": conditions})
    assert ids(found) == expected


@pytest.mark.parametrize(
    "given",
    [{}, {"conditions": None}, {"conditions": []}, {"logical_operator": None, "conditions": None}, None],
    ids=["empty", "null conditions", "no conditions", "all null", "null"],
)
def test_nothing_is_filtered(client: FlaskClient, given: Any) -> None:
    assert len(retrieve(client, metadata_condition=given)) == len(ALL)


def test_the_condition_may_be_absent(client: FlaskClient) -> None:
    setting = {"top_k": 50, "score_threshold": 0.0}
    body = {"knowledge_id": "news", "query": QUESTION, "retrieval_setting": setting}
    assert len(client.post("/retrieval", json=body).get_json()["records"]) == len(ALL)


def test_no_records(client: FlaskClient) -> None:
    assert retrieve(client, metadata_condition={"conditions": [condition("topic", "is", "nothing")]}) == []
    assert retrieve(client, knowledge_id="default") == []


def test_top_k(client: FlaskClient) -> None:
    assert len(retrieve(client, top_k=2)) == 2
    assert len(retrieve(client, top_k=100_000)) == len(ALL)


def test_the_threshold_keeps_what_reaches_it(client: FlaskClient) -> None:
    scores = [record["score"] for record in retrieve(client)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]
    kept = retrieve(client, threshold=scores[0])
    assert [record["score"] for record in kept] == [score for score in scores if score >= scores[0]]
    assert retrieve(client, threshold=1.0) == []


@pytest.mark.parametrize(
    "setting",
    [
        {"top_k": 50, "score_threshold": 0.0},
        {"top_k": 50, "score_threshold": None},
        {"top_k": 50},
        {"top_k": 50, "score_threshold": 1.0, "score_threshold_enabled": False},
        {"top_k": 50, "score_threshold": 1, "score_threshold_enabled": "false"},
        {"score_threshold": 0, "top_k": None},
        None,
    ],
)
def test_the_threshold_is_off(client: FlaskClient, setting: Any) -> None:
    assert len(retrieve(client, retrieval_setting=setting)) == len(ALL)


def test_unknown_fields_are_tolerated(client: FlaskClient) -> None:
    given = {"conditions": [{**condition("topic", "is", "health"), "id": "1"}], "extra": 1}
    assert len(retrieve(client, metadata_condition=given, user="u", inputs={})) == 1


def test_a_question_about_templates_is_one(client: FlaskClient) -> None:
    assert retrieve(client, query="{{ 疫苗 }} 在模板里是什么意思？")
