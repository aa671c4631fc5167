"""The OpenAPI document, the interactive document and the page: complete, valid, and local."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from qa_service.config import Settings
from qa_service.http import create_app, dify, schemas
from qa_service.http.openai import errors as openai_errors
from tests.http.fake_engine import FakeEngine

STATIC = Path(__file__).parents[2] / "qa_service" / "http" / "static"
METHODS = {"get", "put", "post", "delete"}
FOR_PEOPLE = {"/", "/docs", "/docs/assets/{name}", "/openapi.json", "/static/{filename}", "/metrics"}


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Settings(), FakeEngine()).test_client()  # type: ignore[arg-type]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/openapi.json").get_json()
    return body


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (path, method, operation)."""
    for path, item in document["paths"].items():
        assert set(item) <= METHODS
        for method, operation in item.items():
            yield path, method, operation


def references(value: object) -> Iterator[str]:
    """Yield every `$ref` in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert set(document) <= {"openapi", "info", "paths", "components", "tags"}
    assert {"title", "version", "description"} <= set(document["info"])
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_route_is_in_it(client: FlaskClient, document: dict[str, Any]) -> None:
    routes = set()
    for rule in client.application.url_map.iter_rules():
        path = re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule)
        routes |= {(path, method.lower()) for method in rule.methods or () if method.lower() in METHODS}
    documented = {(path, method) for path, method, _ in operations(document)}
    assert documented == {(path, method) for path, method in routes if path not in FOR_PEOPLE}
    assert {path for path, _ in routes} - {path for path, _ in documented} == FOR_PEOPLE


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert operation["summary"] and operation["description"], path
        assert set(operation["tags"]) <= tags
        parameters = operation.get("parameters", [])
        assert all(one["description"] and one["schema"] for one in parameters), path
        in_path = {one["name"] for one in parameters if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert any(status.startswith("2") for status in operation["responses"]), path
        if path.startswith("/v1/"):
            assert {"503", "default"} <= set(operation["responses"]), (path, method)


def error_shape(path: str) -> tuple[str, str]:
    """Tell the media type and the schema of a path's errors."""
    if path.startswith(openai_errors.PREFIXES):
        return "application/json", "OpenAIError"
    return ("application/json", "DifyError") if path == dify.PATH else ("application/problem+json", "Problem")


def test_errors_have_the_shape_of_their_protocol(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        media_type, name = error_shape(path)
        for status, response in operation["responses"].items():
            assert response["description"], (path, status)
            if status.startswith("2"):
                continue
            assert list(response["content"]) == [media_type], (path, status)
            assert response["content"][media_type]["schema"] == {"$ref": f"#/components/schemas/{name}"}, path


def test_a_chat_answer_is_described_in_both_forms(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/ChatResponse"}


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert found <= known
    assert {"#/components/schemas/AskRequest", "#/components/schemas/Problem"} <= found


def test_schemas_are_kept_in_full(document: dict[str, Any]) -> None:
    known = document["components"]["schemas"]
    assert known["ArticleIn"]["properties"]["content_base64"]["anyOf"][0]["contentEncoding"] == "base64"
    assert known["ArticleIn"]["additionalProperties"] is False
    assert known["AskRequest"]["properties"]["top_k"]["maximum"] == schemas.MAX_TOP_K
    for name in ("AskRequest", "ArticlesRequest", "Problem"):
        assert known[name]["examples"], name
    for example in known["AskRequest"]["examples"]:
        schemas.AskRequest.model_validate(example)
    for example in known["ArticlesRequest"]["examples"]:
        schemas.ArticlesRequest.model_validate(example)


class Markup(HTMLParser):
    """Collects what a page loads and what it holds inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        given = dict(attrs)
        self.loads += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_local_files_and_hold_no_script(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    markup = Markup()
    markup.feed(answer.text)
    assert markup.inline == []
    assert markup.loads
    for target in markup.loads:
        if target.startswith("#"):  # a place on the page itself
            continue
        assert target.startswith("/") and not target.startswith("//")
        assert client.get(target).status_code == 200, target


def test_what_the_key_guards_is_described(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").json
    assert spec["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, operations in spec["paths"].items():
        guarded = path.startswith("/v1/") or path == "/retrieval"
        assert all(("security" in operation) is guarded for operation in operations.values()), path


def test_policies(client: FlaskClient) -> None:
    page = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in page
    docs = client.get("/docs").headers["Content-Security-Policy"]
    assert "script-src 'self';" in docs
    for policy in (page, docs):
        assert "http" not in policy
        assert "*" not in policy


def test_the_interactive_document_sends_nothing_outside() -> None:
    script = (STATIC / "docs.js").read_text(encoding="utf-8")
    assert "validatorUrl: null" in script
    assert "http" not in script


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_put_text_in_as_text(client: FlaskClient, path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://"):
        assert sink not in script
    for target in re.findall(r'from "\./([^"]+)"', script):
        assert (STATIC / target).is_file()
    served = client.get(f"/static/{path.name}")
    assert served.headers["Content-Type"].startswith("text/javascript")
