"""What others wrote is never SQL, a path, a header, markup or a log line, wherever it is put."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from qa_service.engine import Engine
from qa_service.http import create_app

TEXT = "夜间巴士每二十分钟一班。末班车在凌晨三点开出。"
SQL = [
    "'; DROP TABLE articles; --",
    '" OR ""="',
    "1) OR (1=1",
    "%",
    "_",
    "a' UNION SELECT sha256 FROM articles --",
    "\\'; DELETE FROM passages",
    "?1 :name @x $y",
]
PATHS = [
    "../../outside",
    "/etc/passwd",
    "..\\..\\outside",
    "C:\\outside",
    "a/../../../outside",
    "~root",
    "file:///etc/x",
]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "{{7*7}}${7*7}",
]


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine.settings, engine).test_client()


def add(client: FlaskClient, **article: Any) -> dict[str, Any]:
    answer = client.post("/v1/articles", json={"articles": [{"text": TEXT, **article}]})
    assert answer.status_code == 200, answer.text
    outcome: dict[str, Any] = answer.get_json()["articles"][0]
    return outcome


def listed(client: FlaskClient) -> list[str]:
    return sorted(one["id"] for one in client.get("/v1/articles").get_json()["articles"])


def test_ids_titles_and_metadata_come_back_as_they_are(client: FlaskClient) -> None:
    add(client, id="bystander")
    for hostile in (*SQL, *PATHS, *MARKUP):
        check_round_trip(client, hostile)


def check_round_trip(client: FlaskClient, hostile: str) -> None:
    added = add(client, id=hostile, title=hostile, metadata={hostile: hostile, "b": {hostile: [hostile]}})
    assert added["outcome"] == "created"
    assert listed(client) == sorted([hostile, "bystander"])
    place = f"/v1/articles/{quote(hostile, safe='')}"
    shown = client.get(place)
    assert shown.content_type.startswith("application/json")
    assert (shown.get_json()["id"], shown.get_json()["title"]) == (hostile, hostile)
    for key, where in ((hostile, hostile), ("article_id", hostile), ("title", hostile)):
        body = {"question": f"末班车几点？{hostile}", "filters": {"type": "eq", "key": key, "value": where}}
        answer = client.post("/v1/ask", json=body)
        assert answer.status_code == 200
        found = answer.get_json()["passages"]
        assert [one["article_id"] for one in found] == [hostile]
        assert found[0]["metadata"] == {hostile: hostile, "b": {hostile: [hostile]}}
    assert client.delete(place).status_code == 204
    assert listed(client) == ["bystander"]


def test_an_id_is_no_pattern(client: FlaskClient) -> None:
    add(client, id="bystander")
    for wildcard in ("%", "_", "*", "bystande_", "by%", "[b]ystander"):
        place = f"/v1/articles/{quote(wildcard, safe='')}"
        assert client.get(place).status_code == 404
        assert client.delete(place).status_code == 404
        assert listed(client) == ["bystander"]


def test_names_of_collections_are_refused_and_cursors_are_places(client: FlaskClient) -> None:
    add(client, id="bystander")
    for hostile in (*SQL, *PATHS, *MARKUP):
        check_names(client, hostile)


def check_names(client: FlaskClient, hostile: str) -> None:
    there = quote(hostile, safe="")
    for method, path in (
        ("PUT", f"/v1/collections/{there}"),
        ("DELETE", f"/v1/collections/{there}"),
        ("GET", f"/v1/articles?collection={there}"),
        ("GET", f"/v1/jobs/{there}"),
    ):
        answer = client.open(path, method=method)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert answer.content_type == "application/problem+json"
    # A cursor is the id to go on after: whatever it is, it names a place in the order of ids.
    following = client.get(f"/v1/articles?cursor={there}").get_json()["articles"]
    assert [one["id"] for one in following] == (["bystander"] if hostile < "bystander" else [])
    assert listed(client) == ["bystander"]


def tree(root: Path) -> Iterator[str]:
    return (str(path.relative_to(root)) for path in root.rglob("*"))


def test_no_file_is_named_by_what_others_wrote(client: FlaskClient, engine: Engine) -> None:
    root = engine.settings.data_dir.parent
    add(client, id="first", title="outside")
    before = {name for name in tree(root) if "outside" in name or not name.startswith("data")}
    for hostile in PATHS:
        add(client, id=hostile, title=hostile, url="https://a.test/../../outside", metadata={"outside": hostile})
    engine.compact("default")
    after = {name for name in tree(root) if "outside" in name or not name.startswith("data")}
    assert after == before


def test_errors_are_no_pages(client: FlaskClient) -> None:
    paths = [(f"/{quote(one)}", f"/v1/articles?{quote(one)}=1", f"/static/{quote(one)}") for one in MARKUP]
    for path in (path for some in paths for path in some):
        answer = client.get(path)
        assert answer.status_code >= 400
        assert "html" not in answer.content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_request_id_that_could_be_more_is_replaced(client: FlaskClient) -> None:
    for given in ("a\r\nSet-Cookie: x=1", "a b", "a\nb", "é", "x" * 65, "<script>"):
        answer = client.get("/healthz", environ_overrides={"HTTP_X_REQUEST_ID": given})
        assert answer.headers["X-Request-ID"] != given
        assert answer.headers["X-Request-ID"].isalnum()
        assert "Set-Cookie" not in answer.headers


def test_log_records_of_hostile_requests_are_one_line_or_marked(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "2026-01-01 00:00:00 ERROR root: forged"

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"a text\n{forged}\r{forged}\u2028{forged}\x0b{forged}")

    monkeypatch.setattr(type(engine), "ask", fail)
    with caplog.at_level(logging.DEBUG):
        assert client.post("/v1/ask", json={"question": f"x\n{forged}"}).status_code == 500
        client.get(f"/v1/articles/{quote(chr(10) + forged)}")
        client.get(f"/nothing{quote(chr(10) + forged)}")
    assert caplog.records
    for record in caplog.records:
        lines = logging.Formatter("%(message)s").format(record).splitlines()
        assert not [line for line in lines if line.lstrip().startswith(forged)], record
