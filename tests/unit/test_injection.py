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


@pytest.mark.parametrize("hostile", [*SQL, *PATHS, *MARKUP])
def test_an_id_a_title_and_metadata_come_back_as_they_are(client: FlaskClient, hostile: str) -> None:
    add(client, id="bystander")
    added = add(client, id=hostile, title=hostile, metadata={hostile: hostile, "b": {hostile: [hostile]}})
    assert added["outcome"] == "created"
    assert listed(client) == sorted([hostile, "bystander"])
    place = f"/v1/articles/{quote(hostile, safe='')}"
    shown = client.get(place)
    assert shown.content_type.startswith("application/json")
    assert (shown.get_json()["id"], shown.get_json()["title"]) == (hostile, hostile)
    for key, where in ((hostile, hostile), ("article_id", hostile), ("title", hostile)):
        body = {"question": hostile, "filters": {"type": "eq", "key": key, "value": where}}
        answer = client.post("/v1/ask", json=body)
        assert answer.status_code == 200
        found = answer.get_json()["passages"]
        assert [one["article_id"] for one in found] == [hostile]
        assert found[0]["metadata"] == {hostile: hostile, "b": {hostile: [hostile]}}
    assert client.delete(place).status_code == 204
    assert listed(client) == ["bystander"]


@pytest.mark.parametrize("wildcard", ["%", "_", "*", "bystande_", "by%", "[b]ystander"])
def test_an_id_is_no_pattern(client: FlaskClient, wildcard: str) -> None:
    add(client, id="bystander")
    place = f"/v1/articles/{quote(wildcard, safe='')}"
    assert client.get(place).status_code == 404
    assert client.delete(place).status_code == 404
    assert listed(client) == ["bystander"]


@pytest.mark.parametrize("hostile", [*SQL, *PATHS, *MARKUP])
def test_names_of_collections_and_cursors_are_refused(client: FlaskClient, hostile: str) -> None:
    add(client, id="bystander")
    there = quote(hostile, safe="")
    for method, path in (
        ("PUT", f"/v1/collections/{there}"),
        ("DELETE", f"/v1/collections/{there}"),
        ("GET", f"/v1/articles?collection={there}"),
        ("GET", f"/v1/articles?cursor={there}"),
        ("GET", f"/v1/jobs/{there}"),
    ):
        answer = client.open(path, method=method)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert answer.content_type == "application/problem+json"
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


@pytest.mark.parametrize("hostile", MARKUP)
def test_errors_are_no_pages(client: FlaskClient, hostile: str) -> None:
    for path in (f"/{quote(hostile)}", f"/v1/articles?{quote(hostile)}=1", f"/static/{quote(hostile)}"):
        answer = client.get(path)
        assert answer.status_code >= 400
        assert "html" not in answer.content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("given", ["a\r\nSet-Cookie: x=1", "a b", "a\nb", "é", "x" * 65, "<script>"])
def test_a_request_id_that_could_be_more_is_replaced(client: FlaskClient, given: str) -> None:
    environment = {"HTTP_X_REQUEST_ID": given}
    answer = client.get("/healthz", environ_overrides=environment)
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
