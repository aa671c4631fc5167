"""Articles over HTTP: what is taken, and what comes back."""

from __future__ import annotations

import base64
import io
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from qa_service.http.responses import ArticleListResponse, ArticleResponse, ArticlesResponse, JobResponse
from tests.http.fake_engine import FakeEngine, files
from tests.http.problem import assert_problem


def test_json_articles_become_submissions(client: FlaskClient, fake: FakeEngine) -> None:
    article = {
        "id": "a",
        "title": "题",
        "text": "\ufeffa\r\n中😀",
        "url": "HTTPS://example.org/中?q=1#x",
        "published_at": "2024-05-31T08:00:00Z",
        "metadata": {"n": 1.5, "deep": {"list": [None, True]}},
    }
    answer = client.post("/v1/articles?collection=news", json={"articles": [article, {"html": "<p>x"}]})
    body = answer.get_json()
    ArticlesResponse.model_validate(body)
    assert body["collection"] == "news"
    assert body["articles"][0] == {"id": "a", "outcome": "created", "reason": None, "passages": 1}
    text, html = fake.submitted
    assert (text.content, text.charset, text.content_type) == ("\ufeffa\r\n中😀".encode(), "utf-8", "text/plain")
    assert (text.id, text.title, text.url) == ("a", "题", "HTTPS://example.org/中?q=1#x")
    assert (text.published_at, text.metadata) == ("2024-05-31T08:00:00Z", article["metadata"])
    assert (html.content, html.content_type, html.id) == (b"<p>x", "text/html", None)


def test_an_empty_article_is_an_outcome_and_the_rest_is_taken(client: FlaskClient) -> None:
    answer = client.post("/v1/articles", json={"articles": [{"id": "a", "text": ""}, {"id": "b", "text": "x"}]})
    assert answer.status_code == 200
    assert [one["outcome"] for one in answer.get_json()["articles"]] == ["rejected", "created"]
    assert answer.get_json()["articles"][0]["reason"]


def test_files_become_submissions(client: FlaskClient, fake: FakeEngine) -> None:
    answer = client.post(
        "/v1/articles",
        **files(
            ("中文 1.txt", b"\xd6\xd0", "text/plain; charset=gbk"),
            ("C:/docs/a.HTML", b"<p>", "application/octet-stream"),
            ("/home/b.pdf", b"%PDF", "application/octet-stream"),
            ("c.unknown", b"c", "application/octet-stream"),
            ("d.txt", b"<p>", "text/html"),
            ("x/README.md", b"x", "application/octet-stream"),
            ("y/README.md", b"y", "application/octet-stream"),
            ("../z/e.txt", b"e", ""),
        ),
    )
    assert answer.status_code == 200, answer.text
    assert [(one.id, one.content, one.content_type, one.charset) for one in fake.submitted] == [
        ("中文 1.txt", b"\xd6\xd0", "text/plain", "gbk"),
        ("a.HTML", b"<p>", "text/html", None),
        ("b.pdf", b"%PDF", "application/pdf", None),
        ("c.unknown", b"c", "text/plain", None),
        ("d.txt", b"<p>", "text/html", None),
        ("x/README.md", b"x", "text/markdown", None),
        ("y/README.md", b"y", "text/markdown", None),
        ("e.txt", b"e", "text/plain", None),
    ]


def test_bad_files(client: FlaskClient, fake: FakeEngine) -> None:
    twice = client.post("/v1/articles", **files(("/x/a.txt", b"1"), ("/y/a.txt", b"2")))
    assert_problem(twice, 422, "invalid-input", field="files[1]")
    nameless = client.post("/v1/articles", **files(("x/", b"1")))
    assert_problem(nameless, 422, "invalid-input", field="files[0]")
    field = {"data": {"files": "text"}, "content_type": "multipart/form-data"}
    assert_problem(client.post("/v1/articles", **field), 422, "invalid-input", field="files")
    other = {"data": {"file": (io.BytesIO(b"1"), "a.txt")}, "content_type": "multipart/form-data"}
    assert_problem(client.post("/v1/articles", **other), 422, "invalid-input", field="file")
    none = client.post("/v1/articles", data=b"--x--\r\n", content_type="multipart/form-data; boundary=x")
    assert_problem(none, 422, "invalid-input", field="files")
    unbounded = client.post("/v1/articles", data=b"abc", content_type="multipart/form-data")
    assert_problem(unbounded, 422, "invalid-input", field="files")
    assert not fake.submitted


def test_async_answers_with_a_job(client: FlaskClient) -> None:
    answer = client.post("/v1/articles?async=true&collection=news", json={"articles": [{"id": "a", "text": "x"}]})
    assert answer.status_code == 202
    JobResponse.model_validate(answer.get_json())
    followed = client.get(answer.headers["Location"])
    assert followed.get_json() == answer.get_json()
    assert followed.get_json()["job"]["articles"] == [{"id": "a", "outcome": "created", "reason": None, "passages": 1}]


ODD_IDS = [
    "a",
    "a/b",
    "/a",
    "a/",
    "a//b",
    "/",
    "///",
    ".",
    "..",
    "a/../b",
    "./a",
    "中文.txt",
    "x?y#z",
    "100%",
    "%2F",
    "a b+c&d=e",
    " a ",
    ";x=1",
    "\\",
    "é",
    "e\u0301",
    "😀",
    "\ufffd",
    "\u2028",
    "'\"<script>",
    "中" * 170,
]


@pytest.mark.parametrize("article_id", ODD_IDS)
def test_odd_ids_round_trip(client: FlaskClient, article_id: str) -> None:
    client.post("/v1/articles", json={"articles": [{"id": "other", "text": "y"}, {"id": article_id, "text": "x"}]})
    path = "/v1/articles/" + quote(article_id, safe="").replace(".", "%2E")
    shown = client.get(path + "?collection=default")
    assert shown.status_code == 200, shown.text
    assert shown.get_json()["id"] == article_id
    assert client.delete(path).status_code == 204
    assert_problem(client.get(path), 404, "not-found")
    assert client.get("/v1/articles/other").status_code == 200


def test_one_article_in_full(client: FlaskClient) -> None:
    client.post("/v1/articles", json={"articles": [{"id": "a", "text": "中😀\r\nb", "metadata": {"k": "值"}}]})
    answer = client.get("/v1/articles/a")
    assert answer.headers["Content-Type"] == "application/json"
    assert "中😀" in answer.data.decode("utf-8")
    body = answer.get_json()
    ArticleResponse.model_validate(body)
    assert body["text"] == "中😀\r\nb"
    assert body["characters"] == 5
    assert body["metadata"] == {"k": "值"}
    [passage] = body["passages"]
    assert body["text"][passage["start"] : passage["end"]] == "中😀\r\nb"
    assert passage["sentences"] == [{"start": 0, "end": 5}]


def test_listing_by_pages(client: FlaskClient) -> None:
    client.post("/v1/articles", json={"articles": [{"id": name, "text": "x"} for name in ("b", "中", "a/1")]})
    first = client.get("/v1/articles?limit=2").get_json()
    ArticleListResponse.model_validate(first)
    assert [one["id"] for one in first["articles"]] == ["a/1", "b"]
    second = client.get("/v1/articles", query_string={"limit": 2, "cursor": first["next_cursor"]}).get_json()
    assert [one["id"] for one in second["articles"]] == ["中"]
    assert second["next_cursor"] is None


def test_base64_of_a_binary_file_reaches_the_engine_as_it_is(client: FlaskClient, fake: FakeEngine) -> None:
    content = bytes(range(256))
    wrapped = base64.encodebytes(content).decode()
    answer = client.post(
        "/v1/articles",
        json={"articles": [{"content_base64": wrapped, "content_type": "Application/PDF; charset=x"}]},
    )
    assert answer.status_code == 200
    assert (fake.submitted[0].content, fake.submitted[0].content_type) == (content, "application/pdf")
