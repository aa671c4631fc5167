"""The tools of the MCP server over the application, without a network or a process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from qa_service.client import Client
from qa_service.errors import Overloaded
from tests.http.fake_engine import FakeEngine, shared_application
from tests.unit.client_transport import over

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
from qa_service.mcp import running  # noqa: E402
from qa_service.mcp.server import make_server  # noqa: E402
from qa_service.mcp.tools import TOOLS  # noqa: E402


@pytest.fixture
def service(fake: FakeEngine) -> Iterator[Client]:
    with Client(transport=over(shared_application()[0])) as client:
        yield client


def call(service: Client, name: str, **arguments: Any) -> Any:
    async def session() -> Any:
        async with mcp.Client(make_server(lambda _: service, "give a key")) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(session())


def test_search(service: Client) -> None:
    service.add([{"id": "a", "title": "T", "text": "夜班车"}, {"id": "b", "text": "夜班车"}])
    found = call(service, "search", question="夜?").structured_content
    assert [(one["article_id"], one["title"], one["also_in"]) for one in found["passages"]] == [
        ("a", "T", ["other"]),
        ("b", None, ["other"]),
    ]
    assert found["answer"] == {"text": "夜班车", "article_id": "a", "start": 0, "end": 3}
    assert call(service, "search", question="夜?", min_confidence=1).structured_content["answer"] is None


def test_calls_beyond_those_at_once_are_told_so(service: Client) -> None:
    async def session() -> Any:
        async with mcp.Client(make_server(lambda _: service, "give a key", at_once=0)) as client:
            return await client.call_tool("list_collections", {})

    refused = asyncio.run(session())
    assert refused.is_error
    assert "try again in 2 s" in refused.content[0].text


def test_an_overloaded_service_is_a_tool_error_that_says_when_to_come_back(service: Client, fake: FakeEngine) -> None:
    fake.failure = Overloaded("more is asked at once than can be answered", retry_after=7)
    refused = call(service, "search", question="夜?")
    assert refused.is_error
    assert "try again in 7 s" in refused.content[0].text


def test_long_metadata_is_left_out(service: Client) -> None:
    service.add(
        [{"id": "a", "text": "x", "metadata": {"k": "v"}}, {"id": "b", "text": "x", "metadata": {"k": "v" * 5000}}]
    )
    assert call(service, "read_article", article_id="a").structured_content["metadata"] == {"k": "v"}
    assert call(service, "read_article", article_id="b").structured_content["metadata"] is None


def test_parts_of_an_article_count_code_points(service: Client) -> None:
    text = "🙂" * 8001
    service.add([{"id": "a", "text": text}])
    part = call(service, "read_article", article_id="a").structured_content
    assert (part["characters"], part["end"], part["next_start"], part["text"]) == (8001, 8000, 8000, "🙂" * 8000)
    part = call(service, "read_article", article_id="a", start=8000).structured_content
    assert (part["start"], part["end"], part["next_start"], part["text"]) == (8000, 8001, None, "🙂")


def test_a_fault_of_the_server_shows_no_more_than_that(
    service: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(Client, "collections", fail)
    result = call(service, "list_collections")
    assert result.is_error is True
    assert "secret" not in result.content[0].text
    assert "a secret" in caplog.text


def test_what_the_service_cannot_do_now(service: Client, fake: FakeEngine) -> None:
    fake.failure = RuntimeError("bug")
    result = call(service, "search", question="q")
    assert result.is_error is True
    assert "report the request id" in result.content[0].text


def test_an_article_that_there_is_not_is_called_as_the_tool_calls_it(service: Client) -> None:
    service.add([{"id": "a", "text": "x"}])
    said = call(service, "read_article", article_id="none").content[0].text
    assert said.startswith("article_id: ")
    assert call(service, "read_article", article_id="a", collection="none").content[0].text.startswith("collection: ")


def test_no_password_is_shown() -> None:
    with Client("http://user:secret@127.0.0.1:1") as client:
        result = call(client, "list_collections")
    assert result.is_error is True
    assert "http://127.0.0.1:1" in result.content[0].text
    assert "secret" not in result.content[0].text


def test_every_schema_names_every_field() -> None:
    for tool in TOOLS:
        definition = tool.definition()
        assert all("description" in one for one in definition.input_schema["properties"].values())
        assert definition.output_schema is not None
        assert set(definition.output_schema["required"]) == set(definition.output_schema["properties"])


@pytest.mark.parametrize(
    ("host", "names", "allowed", "refused"),
    [
        (
            "127.0.0.1",
            (),
            ["localhost:8001", "127.0.0.1:1", "localhost", "[::1]:5"],
            ["evil.test", "localhost.evil.test"],
        ),
        ("192.0.2.1", (), ["192.0.2.1:8001", "192.0.2.1"], ["192.0.2.2:8001"]),
        ("0.0.0.0", ("qa.test",), ["qa.test", "qa.test:80", "127.0.0.1:1"], ["0.0.0.0:80", "x.qa.test"]),
        ("fe80::1", (), ["[fe80::1]:80"], ["fe80::1"]),
    ],
)
def test_host_names(host: str, names: tuple[str, ...], allowed: list[str], refused: list[str]) -> None:
    from mcp.server.transport_security import TransportSecurityMiddleware

    settings = running._security(host, names)
    assert settings.enable_dns_rebinding_protection is True
    check = TransportSecurityMiddleware(settings)
    assert [name for name in allowed + refused if check._validate_host(name)] == allowed
    assert check._validate_origin(f"https://{allowed[0]}")
    assert not check._validate_origin(f"https://{refused[0]}")
