"""Every bad article is a clear problem document that names it, and nothing of its request is taken."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem


def given(**article: Any) -> dict[str, Any]:
    """Make a body of one article, by default with a text."""
    return {"articles": [{"text": "x", **article}]}


def nested(depth: int) -> dict[str, Any]:
    """Make an object of this many levels."""
    return {"a": nested(depth - 1)} if depth > 1 else {}


ARTICLES: list[tuple[str, Any, str]] = [
    ("missing", {}, "articles"),
    ("null", {"articles": None}, "articles"),
    ("object", {"articles": {}}, "articles"),
    ("empty list", {"articles": []}, "articles"),
    ("string", {"articles": ["a"]}, "articles[0]"),
    ("unknown field", {"articles": [], "x": 1}, "x"),
    ("no content", {"articles": [{"id": "a"}]}, "articles[0]"),
    ("two contents", given(html="x"), "articles[0]"),
    ("base64 without type", {"articles": [{"content_base64": "eA=="}]}, "articles[0]"),
    ("type without base64", given(content_type="text/plain"), "articles[0]"),
    ("not base64", {"articles": [{"content_base64": "e", "content_type": "a/b"}]}, "articles[0].content_base64"),
    (
        "base64 of another alphabet",
        {"articles": [{"content_base64": "-_-_", "content_type": "a/b"}]},
        "articles[0].content_base64",
    ),
    ("base64 number", {"articles": [{"content_base64": 5, "content_type": "a/b"}]}, "articles[0].content_base64"),
    ("bad type", {"articles": [{"content_base64": "eA==", "content_type": "pdf"}]}, "articles[0].content_type"),
    ("second article", {"articles": [{"text": "x"}, {"text": 5}]}, "articles[1].text"),
    ("unknown in article", given(body="x"), "articles[0].body"),
    ("id empty", given(id=""), "articles[0].id"),
    ("id long", given(id="中" * 171), "articles[0].id"),
    ("id control", given(id="a\nb"), "articles[0].id"),
    ("id c1 control", given(id="a\x9bb"), "articles[0].id"),
    ("id number", given(id=5), "articles[0].id"),
    (
        "same id",
        {"articles": [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}, {"id": "a", "text": "z"}]},
        "articles[2].id",
    ),
    ("title long", given(title="t" * 2001), "articles[0].title"),
    ("url script", given(url="javascript:alert(1)"), "articles[0].url"),
    ("url relative", given(url="/a"), "articles[0].url"),
    ("url hostless", given(url="http://"), "articles[0].url"),
    ("url broken", given(url="http://[::1"), "articles[0].url"),
    ("url space", given(url="http://a b"), "articles[0].url"),
    ("url newline", given(url="http://a/\nb"), "articles[0].url"),
    ("url long", given(url="http://a/" + "b" * 2048), "articles[0].url"),
    ("date", given(published_at="yesterday"), "articles[0].published_at"),
    ("date impossible", given(published_at="2024-02-30"), "articles[0].published_at"),
    ("date number", given(published_at=20240101), "articles[0].published_at"),
    ("metadata list", given(metadata=[]), "articles[0].metadata"),
    ("metadata string", given(metadata="{}"), "articles[0].metadata"),
    ("metadata large", given(metadata={"a": "x" * 65_536}), "articles[0].metadata"),
    ("metadata deep", given(metadata=nested(9)), "articles[0].metadata"),
]


@pytest.mark.parametrize(("body", "field"), [row[1:] for row in ARTICLES], ids=[row[0] for row in ARTICLES])
def test_bad_article(client: FlaskClient, fake: FakeEngine, body: dict[str, Any], field: str) -> None:
    assert_problem(client.post("/v1/articles", json=body), 422, "invalid-input", field=field)
    assert not fake.submitted


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("collection=.x", "collection"),
        ("collection=%FF", "collection"),
        ("collection=a&collection=b", "collection"),
        ("async=maybe", "async"),
        ("colection=a", "colection"),
    ],
)
def test_bad_query_of_articles(client: FlaskClient, fake: FakeEngine, query: str, field: str) -> None:
    assert_problem(client.post(f"/v1/articles?{query}", json=given()), 422, "invalid-input", field=field)
    assert not fake.submitted
