"""What tests of filters over a changing collection share: articles about storehouses, and questions with filters."""

from __future__ import annotations

from typing import Any

from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.types import Ask, RankedPassage
from tests.conftest import article

QUESTION = "青河公园的儿童票价是多少?"


def put(engine: Engine, article_id: str, text: str, **given: Any) -> None:
    """Ingest one article, new or changed."""
    assert [one.outcome for one in engine.ingest([article(article_id, text, **given)])] in (["created"], ["updated"])


def ask(engine: Engine, tree: dict[str, Any], question: str = QUESTION) -> tuple[RankedPassage, ...]:
    """Give the passages that a filter leaves."""
    return engine.ask(Ask(question, top_k=50, filters=parse_filter(tree))).passages


def ids(engine: Engine, tree: dict[str, Any]) -> set[str]:
    """Give the articles that a filter leaves."""
    return {passage.article_id for passage in ask(engine, tree, "第几号仓库?")}


def eq(key: str, value: object) -> dict[str, Any]:
    """Write an equality."""
    return {"type": "eq", "key": key, "value": value}


def junction(type: str, *filters: dict[str, Any]) -> dict[str, Any]:
    """Join filters."""
    return {"type": type, "filters": list(filters)}


def store(n: int) -> str:
    """Write about a storehouse."""
    return f"第{n}号仓库在{n % 7}区，门牌是{n * 13}。"
