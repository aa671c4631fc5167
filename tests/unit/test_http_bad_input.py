"""Every bad question, body, query and path is a clear problem document and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.http.fake_engine import FakeEngine
from tests.http.problem import assert_problem

JSON = "application/json"
TURN = {"role": "user", "content": "b"}


QUESTIONS: list[tuple[str, Any, str]] = [
    ("missing", {}, "question"),
    ("null", {"question": None}, "question"),
    ("number", {"question": 5}, "question"),
    ("list", {"question": ["a"]}, "question"),
    ("empty", {"question": ""}, "question"),
    ("white space", {"question": " \t\r\n\u3000"}, "question"),
    ("too long", {"question": "长" * 4001}, "question"),
    ("a megabyte", {"question": "a" * 1_000_000}, "question"),
    ("nul", {"question": "a\x00b"}, "question"),
    ("escape", {"question": "a\x1bb"}, "question"),
    ("c1 control", {"question": "a\x85b"}, "question"),
    ("unknown field", {"question": "a", "topk": 5}, "topk"),
    ("filters, a later field", {"question": "a", "filters": {}}, "filters"),
    ("history string", {"question": "a", "history": "b"}, "history"),
    ("history turn", {"question": "a", "history": ["b"]}, "history[0]"),
    ("history role", {"question": "a", "history": [*[TURN] * 3, TURN | {"role": "robot"}]}, "history[3].role"),
    ("history role missing", {"question": "a", "history": [{"content": "b"}]}, "history[0].role"),
    ("history content parts", {"question": "a", "history": [TURN | {"content": ["b"]}]}, "history[0].content"),
    ("history content null", {"question": "a", "history": [TURN | {"content": None}]}, "history[0].content"),
    ("history unknown field", {"question": "a", "history": [TURN | {"text": "b"}]}, "history[0].text"),
    ("history of 1,001 turns", {"question": "a", "history": [TURN] * 1001}, "history"),
    ("history of a million characters", {"question": "a", "history": [TURN | {"content": "b" * 1_000_001}]}, "history"),
    ("top_k 0", {"question": "a", "top_k": 0}, "top_k"),
    ("top_k 51", {"question": "a", "top_k": 51}, "top_k"),
    ("top_k string", {"question": "a", "top_k": "5"}, "top_k"),
    ("top_k float", {"question": "a", "top_k": 5.0}, "top_k"),
    ("top_k bool", {"question": "a", "top_k": True}, "top_k"),
    ("top_k null", {"question": "a", "top_k": None}, "top_k"),
    ("min_confidence low", {"question": "a", "min_confidence": -0.1}, "min_confidence"),
    ("min_confidence high", {"question": "a", "min_confidence": 1.1}, "min_confidence"),
    ("min_confidence string", {"question": "a", "min_confidence": "0.5"}, "min_confidence"),
    ("min_confidence bool", {"question": "a", "min_confidence": True}, "min_confidence"),
    ("explain string", {"question": "a", "explain": "yes"}, "explain"),
    ("collection empty", {"question": "a", "collection": ""}, "collection"),
    ("collection path", {"question": "a", "collection": "../x"}, "collection"),
    ("collection newline", {"question": "a", "collection": "news\n"}, "collection"),
    ("collection long", {"question": "a", "collection": "a" * 65}, "collection"),
    ("collection number", {"question": "a", "collection": 5}, "collection"),
]


@pytest.mark.parametrize(("body", "field"), [row[1:] for row in QUESTIONS], ids=[row[0] for row in QUESTIONS])
def test_bad_question(client: FlaskClient, fake: FakeEngine, body: dict[str, Any], field: str) -> None:
    problem = assert_problem(client.post("/v1/ask", json=body), 422, "invalid-input", field=field)
    assert problem["detail"].startswith(field)
    assert not fake.asked


BODIES: list[tuple[str, bytes, str]] = [
    ("empty", b"", "is empty"),
    ("blank", b" \n", "is empty"),
    ("no json", b"question=a", "line 1, column 1"),
    ("broken", b'{\n "question": "a",\n}', "line 3, column 1"),
    ("trailing", b'{"question": "a"} x', "line 1, column 19"),
    ("raw control character", b'{"question": "a\x01"}', "line 1"),
    ("list", b'["a"]', "must be a JSON object"),
    ("string", b'"{}"', "must be a JSON object"),
    ("null", b"null", "must be a JSON object"),
    ("not utf-8", b'{"question": "\xff"}', "not UTF-8 at byte 14"),
    ("utf-16", '{"question": "a"}'.encode("utf-16"), "not UTF-8"),
    ("raw surrogate", b'{"question": "\xed\xa0\x80"}', "not UTF-8"),
    ("nan", b'{"question": "a", "min_confidence": NaN}', "NaN"),
    ("infinity", b'{"question": "a", "min_confidence": -Infinity}', "-Infinity"),
    ("too large a float", b'{"question": "a", "min_confidence": 1e999}', "too large"),
    ("too long an int", b'{"question": "a", "top_k": ' + b"9" * 5000 + b"}", "too many digits"),
    ("key twice", b'{"question": "a", "question": "b"}', "'question' twice"),
    ("inner key twice", b'{"question": "a", "x": {"y": 1, "y": 1}}', "'y' twice"),
    ("deep list", b'{"question": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ("deep object", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
    ("many members", json.dumps({f"k{n}": 1 for n in range(1001)}).encode(), "more than 1000 members"),
]


@pytest.mark.parametrize(("data", "words"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/articles"])
def test_bad_json(client: FlaskClient, path: str, data: bytes, words: str) -> None:
    problem = assert_problem(client.post(path, data=data, content_type=JSON), 400, "malformed-json", field="body")
    assert words in problem["errors"][0]["problem"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"question": "a\\ud800"}', "question"),
        (b'{"question": "a", "x": ["b", {"y": "\\uDFFFz"}]}', "x[1].y"),
        (b'{"question": "a", "\\ud800": 1}', "body (a key)"),
    ],
)
def test_lone_surrogates(client: FlaskClient, data: bytes, field: str) -> None:
    problem = assert_problem(client.post("/v1/ask", data=data, content_type=JSON), 422, "invalid-input", field=field)
    assert "surrogate" in problem["errors"][0]["problem"]


def test_a_pair_of_surrogate_escapes_is_one_character(client: FlaskClient, fake: FakeEngine) -> None:
    answer = client.post("/v1/ask", data=b'{"question": "\\ud83d\\ude00 ok?"}', content_type=JSON)
    assert answer.status_code == 200
    assert fake.asked[0].question == "😀 ok?"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/articles"])
def test_media_type(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.post(path, data=b'{"question": "a"}', headers=headers)
    assert_problem(answer, 415, "unsupported-media-type", field="Content-Type")


def test_several_problems_are_all_named(client: FlaskClient) -> None:
    answer = client.post("/v1/ask", json={"question": 1, "top_k": 0, "nonsense": 2})
    problem = assert_problem(answer, 422, "invalid-input")
    assert [one["field"] for one in problem["errors"]] == ["question", "top_k", "nonsense"]
    assert problem["detail"].endswith("(and 2 more)")


def test_huge_and_many_names_stay_out_of_the_answer(client: FlaskClient) -> None:
    body = {"question": "a", "x" * 1_000_000: 1, **{f"k{n}": 1 for n in range(900)}}
    assert_problem(client.post("/v1/ask", json=body), 422, "invalid-input")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1.5"])
def test_bad_limit(client: FlaskClient, query: str) -> None:
    assert_problem(client.get(f"/v1/articles?{query}"), 422, "invalid-input", field="limit")


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("PUT", "/v1/collections/-a", "name"),
        ("PUT", f"/v1/collections/{'a' * 65}", "name"),
        ("DELETE", "/v1/collections/%E4%B8%AD", "name"),
        ("GET", "/v1/articles/a%00b", "article_id"),
        ("DELETE", f"/v1/articles/{'a' * 513}", "article_id"),
    ],
)
def test_bad_path(client: FlaskClient, method: str, path: str, field: str) -> None:
    assert_problem(client.open(path, method=method), 422, "invalid-input", field=field)


def test_a_path_that_is_not_utf8(client: FlaskClient) -> None:
    answer = client.get("/v1/articles/x", environ_overrides={"PATH_INFO": "/v1/articles/\xff"})
    assert_problem(answer, 400, "bad-request", field="path")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("POST", "/v1/ask/"),
        ("POST", "/v1//ask"),
        ("GET", "/v1/articles/"),
        ("GET", "/v1/articles/absent"),
        ("DELETE", "/v1/articles/absent"),
        ("GET", "/v1/articles?collection=absent"),
        ("GET", "/v1/articles/a?collection=absent"),
        ("DELETE", "/v1/collections/absent"),
        ("GET", "/v1/jobs/absent"),
        ("GET", "/static/absent.js"),
        ("GET", "/static/../app.py"),
        ("GET", "/docs/assets/absent.js"),
    ],
)
def test_not_found(client: FlaskClient, method: str, path: str) -> None:
    assert_problem(client.open(path, method=method), 404, "not-found")


def test_unknown_collection(client: FlaskClient) -> None:
    answer = client.post("/v1/ask", json={"question": "a", "collection": "absent"})
    assert_problem(answer, 404, "not-found", field="collection")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/ask", {"POST", "OPTIONS"}),
        ("PUT", "/v1/articles", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("POST", "/v1/articles/a", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("GET", "/v1/collections/a", {"PUT", "DELETE", "OPTIONS"}),
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_method_not_allowed(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    answer = client.open(path, method=method)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == ", ".join(sorted(allowed))
