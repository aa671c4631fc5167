"""What each operator admits, over the whole path: articles in, a filtered question, articles out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.dify import parse_metadata_condition
from qa_service.filters.parsing import parse_filter
from qa_service.types import Ask, Freshness
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ARTICLES: dict[str, dict[str, Any]] = {
    "bare": {},
    "health": {"metadata": {"topic": "health", "year": 2024, "open": True, "note": " cafe\u0301 "}},
    "Health": {"metadata": {"topic": "Health", "year": "2024", "open": "true", "note": "café"}},
    "list": {
        "metadata": {"topic": ["health", "sport"], "year": [2019, 2025], "open": 1, "note": ["x", "café au lait"]}
    },
    "float": {"metadata": {"topic": "sports", "year": 2024.0, "open": False, "size": 1e300}},
    "text": {"metadata": {"topic": "", "year": "2024.0", "open": None, "size": "12 kg"}},
    "nested": {"metadata": {"topic": {"main": "health"}, "author": {"name": "王", "age": 40}, "a.b": "dotted"}},
    "people": {"metadata": {"author": [{"name": "李"}, {"name": "王"}], "topic": [], "a": {"b": "deep"}}},
    "huge": {"metadata": {"size": 2**60 + 1, "year": -5, "topic": [None, " ", {}], "date": 1717142400}},
    "day": {"published_at": "2025-05-01", "metadata": {"date": "2024/5/31", "topic": "date"}},
    "time": {"published_at": "2025-05-01T02:00:00+08:00", "metadata": {"date": "2024-05-31T08:00:00Z"}},
    "later": {"published_at": "2025-05-02T00:00:00Z", "metadata": {"date": "2024年6月"}},
    "month": {"metadata": {"published_at": "2025-04", "date": "some day"}},
    "named": {"title": "Flu notice", "url": "https://example.org/flu/1", "metadata": {"title": "other", "url": "u"}},
    "only": {"metadata": {"title": "Flu notice", "article_id": "bare", "filename": "f.pdf"}},
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Engine]:
    """One engine for all: its articles are only asked."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("filters"), cache_dir=cache_dir, model="toy", min_confidence=0)
    opened = Engine.open(settings, ToyEncoder())
    texts = {key: f"第{n}号仓库存放着{n * 7}箱货物。" for n, key in enumerate(ARTICLES)}
    list(opened.ingest([article(key, texts[key], **given) for key, given in ARTICLES.items()]))
    yield opened
    opened.close()


def admitted(engine: Engine, value: object) -> set[str]:
    """Ask with a filter; give the articles that are shown or named."""
    result = engine.ask(Ask("仓库存放着多少箱货物?", top_k=50, filters=parse_filter(value, now=NOW)))
    copies = {copy.article_id for passage in result.passages for copy in passage.also_in}
    return {passage.article_id for passage in result.passages} | copies


def one(kind: str, key: str, value: object = None) -> dict[str, object]:
    return {"type": kind, "key": key, "value": value}


EVERY = set(ARTICLES)
CASES: list[tuple[dict[str, object], set[str]]] = [
    (one("eq", "topic", "health"), {"health", "list"}),
    (one("eq", "topic", " health\n"), {"health", "list"}),
    (one("eq", "note", "café"), {"health", "Health"}),
    (one("eq", "year", 2024), {"health", "Health", "float", "text"}),
    (one("eq", "year", "2024"), {"health", "Health", "float"}),
    (one("eq", "year", "2024.0"), {"health", "float", "text"}),
    (one("eq", "year", 2025), {"list"}),
    (one("eq", "open", True), {"health", "Health"}),
    (one("eq", "open", "true"), {"health", "Health"}),
    (one("eq", "open", 1), {"list"}),
    (one("eq", "open", False), {"float"}),
    (one("eq", "size", 2**60 + 1), {"huge"}),
    (one("eq", "size", 2**60), set()),
    (one("eq", "size", 1e300), {"float"}),
    (one("eq", "topic", ""), set()),
    (one("in", "topic", ["sport", "sports", 7]), {"list", "float"}),
    (one("in", "topic", []), set()),
    (one("nin", "topic", []), EVERY),
    (one("ne", "topic", "health"), EVERY - {"health", "list"}),
    (one("nin", "topic", ["health", "Health", "sports"]), EVERY - {"health", "Health", "list", "float"}),
    (one("gt", "year", 2023), {"health", "Health", "list", "float", "text"}),
    (one("gt", "year", "2024"), {"list"}),
    (one("gte", "year", 2025.0), {"list"}),
    (one("lt", "year", 2020), {"list", "huge"}),
    (one("lte", "year", -5), {"huge"}),
    (one("gt", "size", 2**60), {"huge", "float"}),
    (one("lte", "size", 10**400), {"huge", "float"}),
    (one("gt", "open", 0), {"list"}),
    (one("contains", "topic", "port"), {"list", "float"}),
    (one("contains", "note", "cafe\u0301"), {"health", "Health", "list"}),
    (one("contains", "year", "202"), {"Health", "text"}),
    (one("not_contains", "topic", "ealth"), EVERY - {"health", "Health", "list"}),
    (one("starts_with", "topic", "sp"), {"list", "float"}),
    (one("ends_with", "note", "lait"), {"list"}),
    (one("empty", "topic"), {"bare", "text", "people", "huge", "time", "later", "month", "named", "only"}),
    (one("not_empty", "topic"), {"health", "Health", "list", "float", "nested", "day"}),
    (one("empty", "open"), EVERY - {"health", "Health", "list", "float"}),
    (one("eq", "topic.main", "health"), {"nested"}),
    (one("eq", "author.name", "王"), {"nested", "people"}),
    (one("gt", "author.age", 39), {"nested"}),
    (one("eq", "a.b", "dotted"), {"nested"}),
    (one("eq", "a.b", "deep"), {"people"}),
    (one("not_empty", "author"), {"nested", "people"}),
    (one("eq", "author", "王"), set()),
    (one("eq", "nowhere", "x"), set()),
    (one("gt", "nowhere", 0), set()),
    (one("contains", "nowhere.at.all", "x"), set()),
    (one("ne", "nowhere", "x"), EVERY),
    (one("nin", "nowhere", ["x"]), EVERY),
    (one("empty", "nowhere"), EVERY),
    # The article's own fields come first, and its metadata only where it has none.
    (one("eq", "article_id", "bare"), {"bare"}),
    (one("in", "file_id", ["bare", "list", "absent"]), {"bare", "list"}),
    (one("starts_with", "document_id", "hea"), {"health"}),
    (one("eq", "metadata.article_id", "bare"), {"only"}),
    (one("eq", "title", "Flu notice"), {"named", "only"}),
    (one("eq", "filename", "Flu notice"), {"named"}),
    (one("eq", "filename", "f.pdf"), {"only"}),
    (one("eq", "metadata.title", "other"), {"named"}),
    (one("contains", "url", "/flu/"), {"named"}),
    (one("eq", "url", "u"), set()),
    # Times.
    (one("after", "published_at", "2025-05-01"), {"later"}),
    (one("before", "published_at", "2025-05-01"), {"month"}),
    (one("gte", "published_at", "2025-05-01"), {"day", "time", "later"}),
    (one("lte", "published_at", "2025-05-01"), {"day", "time", "month"}),
    (one("eq", "published_at", "2025-05-01"), {"day", "time"}),
    (one("ne", "published_at", "2025-05-01"), EVERY - {"day", "time"}),
    (one("in", "published_at", ["2025-05-02", "2025-04"]), {"later", "month"}),
    (one("eq", "published_at", 2025), {"day", "time", "later", "month"}),
    (one("before", "published_at", "2025-05-01T00:00+08:00"), {"month"}),
    (one("before", "published_at", 1746036001), {"time"}),
    (one("after", "published_at", 1746035999999), {"day", "time", "later"}),
    (one("after", "published_at", "now-31d"), {"later"}),
    (one("gte", "published_at", "today-1m"), {"day", "time", "later"}),
    (one("after", "published_at", "today"), set()),
    (one("starts_with", "published_at", "2025-05-01T"), {"time"}),
    (one("empty", "published_at"), EVERY - {"day", "time", "later", "month"}),
    (one("before", "date", "2024-06-01"), {"huge", "day", "time"}),
    (one("after", "date", "2024-05-31"), {"later"}),
    (one("after", "date", "2024-05-31T07:59:59Z"), {"huge", "time", "later"}),
    (one("gte", "date", 1717142400), {"huge", "day", "time", "later"}),
    (one("gt", "date", "2024-05-31"), {"later"}),
    (one("before", "year", 2024), {"list", "huge"}),
]


@pytest.mark.parametrize(
    ("value", "expected"), CASES, ids=[f"{c['type']} {c['key']} {c['value']!r:.30}" for c, _ in CASES]
)
def test_what_a_comparison_admits(engine: Engine, value: dict[str, object], expected: set[str]) -> None:
    assert admitted(engine, value) == expected


def test_junctions(engine: Engine) -> None:
    health, y2024, is_open = one("eq", "topic", "health"), one("eq", "year", 2024), one("eq", "open", True)
    assert admitted(engine, {"type": "and", "filters": [health, y2024]}) == {"health"}
    assert admitted(engine, {"type": "or", "filters": [health, is_open]}) == {"health", "Health", "list"}
    inner = {"type": "or", "filters": [health, is_open]}
    assert admitted(engine, {"type": "and", "filters": [inner, one("ne", "topic", "Health")]}) == {"health", "list"}


def test_ten_thousand_values(engine: Engine) -> None:
    many = [f"absent-{n}" for n in range(9998)] + ["bare", "list"]
    assert admitted(engine, one("in", "article_id", many)) == {"bare", "list"}
    assert admitted(engine, one("nin", "article_id", many)) == EVERY - {"bare", "list"}


def test_a_contradiction_answers_nothing(engine: Engine) -> None:
    both = {"type": "and", "filters": [one("eq", "topic", "health"), one("ne", "topic", "health")]}
    asked = Ask("仓库存放着多少箱货物?", filters=parse_filter(both), explain=True, freshness=Freshness(30))
    result = engine.ask(asked)
    assert (result.passages, result.confidence, result.answerable, result.answer) == ((), 0.0, False, None)
    assert result.explain is not None
    assert result.explain["filters"] == {"articles": len(ARTICLES), "admitted": 0, "unknown_keys": []}


def test_explain_counts_articles_and_names_unknown_keys(engine: Engine) -> None:
    tree = {"type": "or", "filters": [one("eq", "topic", "health"), one("eq", "tpoic", "sport"), one("lt", "a.x", 5)]}
    result = engine.ask(Ask("多少箱货物?", filters=parse_filter(tree), explain=True))
    assert result.explain is not None
    assert result.explain["filters"] == {"articles": len(ARTICLES), "admitted": 2, "unknown_keys": ["tpoic", "a.x"]}
    assert "filter" in result.timings_ms
    plain = engine.ask(Ask("多少箱货物?", explain=True))
    assert plain.explain is not None
    assert not {"filters", "freshness"} & set(plain.explain)
    assert "filter" not in plain.timings_ms


def test_dify_s_texts_find_numbers(engine: Engine) -> None:
    def ids(sign: str, value: object) -> set[str]:
        given = {"conditions": [{"name": ["year"], "comparison_operator": sign, "value": value}]}
        result = engine.ask(Ask("多少箱货物?", top_k=50, filters=parse_metadata_condition(given, now=NOW)))
        return {passage.article_id for passage in result.passages}

    assert ids("=", "2024") == {"health", "Health", "float", "text"}
    assert ids("is", "2024") == {"health", "Health", "float"}
    assert ids("≥", "2025") == {"list"}
    assert ids("≠", "2024") == EVERY - {"health", "Health", "float", "text"}
    assert ids("not empty", None) == {"health", "Health", "list", "float", "text", "huge"}
    assert ids("in", "2019,-5") == {"list", "huge"}


def test_an_empty_collection_can_be_asked_with_filters(engine: Engine) -> None:
    engine.create_collection("void")
    asked = Ask("多少箱货物?", collection="void", filters=parse_filter(one("eq", "a", 1)), explain=True)
    result = engine.ask(asked)
    assert (result.passages, result.confidence) == ((), 0.0)
    assert result.explain is not None
    assert result.explain["filters"] == {"articles": 0, "admitted": 0, "unknown_keys": ["a"]}


def test_collections_have_tables_of_their_own(engine: Engine) -> None:
    add(engine, {"bare": "第1号仓库存放着7箱货物。"}, "other")
    tree = parse_filter(one("ne", "topic", "x"))
    assert [p.article_id for p in engine.ask(Ask("仓库", collection="other", filters=tree)).passages] == ["bare"]
