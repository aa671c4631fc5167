"""The tools of `qa-service mcp` through the SDK's own client, over both transports, in front of a running service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_service.client import Client as Service
from tests.http.conftest import Server

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
from tests.http.mcp_sessions import (  # noqa: E402
    CLINIC,
    KEY,
    LONG,
    Use,
    articles_served,
    failed,
    run,
    served_over_http,
    stdio,
    tool,
    url_of,
    use_http,
)

pytestmark = pytest.mark.http


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with articles_served(tmp_path_factory.mktemp("service"), cache_dir) as server:
        yield server


@pytest.fixture(scope="module")
def over_http(service: Server, tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[str]:
    with served_over_http(service, tmp_path_factory.mktemp("mcp"), cache_dir) as url:
        yield url


@pytest.fixture(params=["stdio", "http"])
def call(request: pytest.FixtureRequest, service: Server) -> Callable[..., Any]:
    """Give a function that opens a session over each transport, with a key, and uses it."""
    over = request.param

    def with_session(use: Use, key: str | None = KEY) -> Any:
        if over == "stdio":
            return run(stdio(url_of(service), *(["--key", key] if key else [])), use)
        url = request.getfixturevalue("over_http")
        return asyncio.run(use_http(url, {"Authorization": f"Bearer {key}"} if key else {}, use))

    return with_session


def test_the_tools_and_their_schemas(call: Callable[..., Any]) -> None:
    async def use(client: Any) -> Any:
        return await client.list_tools(), client.server_info, client.instructions

    listed, info, instructions = call(use)
    tools = {one.name: one for one in listed.tools}
    assert list(tools) == ["search", "read_article", "list_collections"]
    assert info.name == "qa-service"
    assert "never instructions" in instructions
    for one in tools.values():
        assert one.description
        assert one.input_schema["type"] == one.output_schema["type"] == "object"
        assert one.input_schema["additionalProperties"] is False
        assert one.annotations.read_only_hint is True
    search = tools["search"].input_schema
    assert search["required"] == ["question"]
    assert (search["properties"]["top_k"]["minimum"], search["properties"]["top_k"]["maximum"]) == (1, 50)
    assert all("description" in given for given in search["properties"].values())
    assert set(tools["search"].output_schema["required"]) == {"answerable", "confidence", "answer", "passages"}


def test_search_gives_what_the_service_gives(call: Callable[..., Any], service: Server) -> None:
    question = "第二社区医院的院长是谁?"
    result = call(tool("search", question=question, top_k=3))
    assert result.is_error is False
    found = result.structured_content
    assert json.loads(result.content[0].text) == found
    with Service(url_of(service), KEY) as client:
        expected = client.ask(question, top_k=3)
    assert (found["answerable"], found["confidence"]) == (True, expected.confidence)
    [passage] = found["passages"]
    assert passage["score"] == expected.passages[0].score
    assert (passage["article_id"], passage["title"], passage["url"]) == (
        "城/医院",
        "医院 <b>",
        "http://hospital.test/2",
    )
    assert passage["text"] == CLINIC[passage["start"] : passage["end"]]
    assert found["answer"]["text"] == CLINIC[found["answer"]["start"] : found["answer"]["end"]]


def test_search_takes_every_argument(call: Callable[..., Any]) -> None:
    given = {
        "question": "那它在哪里?",
        "collection": "default",
        "top_k": 1,
        "history": [
            {"role": "user", "content": "第二社区医院的院长是谁?"},
            {"role": "assistant", "content": "林月华。"},
        ],
        "min_confidence": 1.0,
        "filters": {"type": "eq", "key": "topic", "value": "health"},
    }
    found = call(tool("search", **given)).structured_content
    assert (found["answerable"], found["answer"], len(found["passages"])) == (False, None, 1)
    given["filters"] = {"type": "eq", "key": "topic", "value": "sport"}
    assert call(tool("search", **given)).structured_content["passages"] == []


def test_reading_a_long_article_in_parts(call: Callable[..., Any]) -> None:
    async def use(client: Any) -> tuple[str, list[int]]:
        text, starts, start = "", [], 0
        while start is not None:
            given = {"article_id": "long", "collection": "other", "start": start}
            part = (await client.call_tool("read_article", given)).structured_content
            assert part["characters"] == len(LONG)
            assert part["end"] - part["start"] == len(part["text"]) <= 8000
            starts.append(start)
            text, start = text + part["text"], part["next_start"]
        return text, starts

    text, starts = call(use)
    assert text == LONG
    assert len(starts) > 2


def test_reading_a_part_of_an_article(call: Callable[..., Any]) -> None:
    part = call(tool("read_article", article_id="城/医院", start=2, end=6)).structured_content
    assert part["text"] == CLINIC[2:6]
    assert (part["start"], part["end"], part["next_start"]) == (2, 6, 6)
    assert (part["title"], part["published_at"], part["metadata"]) == ("医院 <b>", "2024-05-31", {"topic": "health"})
    whole = call(tool("read_article", article_id="城/医院", end=8000)).structured_content
    assert (whole["text"], whole["next_start"]) == (CLINIC, None)
    assert "start: is 26, but the article has 26 characters" in failed(
        call(tool("read_article", article_id="城/医院", start=len(CLINIC)))
    )
    assert "end: is 2, not after start (2)" in failed(call(tool("read_article", article_id="城/医院", start=2, end=2)))


def test_collections(call: Callable[..., Any]) -> None:
    found = call(tool("list_collections")).structured_content
    assert [(one["name"], one["articles"]) for one in found["collections"]] == [("default", 1), ("other", 2)]


@pytest.mark.parametrize("key", ["wrong", None])
def test_a_key_that_is_refused(call: Callable[..., Any], key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    said = failed(call(tool("list_collections"), key=key))
    assert "Authorization" in said
    assert "key" in said


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", {}, "question: field required"),
        ("search", {"question": 5}, "question: input should be a valid string"),
        ("search", {"question": "q", "top_k": "5"}, "top_k: input should be a valid integer"),
        ("search", {"question": "q", "top_k": 51}, "top_k: input should be less than or equal to 50"),
        ("search", {"question": "q", "unknown": 1}, "unknown: extra inputs are not permitted"),
        ("search", {"question": "q", "history": [{"role": "robot", "content": ""}]}, "history.0.role: "),
        ("search", {"question": "q", "collection": "none"}, "there is no collection 'none'"),
        ("search", {"question": "q", "filters": {"type": "like", "key": "a", "value": 1}}, "filters"),
        ("search", {"question": "   "}, "question"),
        ("read_article", {"article_id": "none"}, "article"),
        ("read_article", {"article_id": "long", "start": -1}, "start: input should be greater than or equal to 0"),
        ("list_collections", {"limit": 1}, "limit: extra inputs are not permitted"),
    ],
)
def test_wrong_arguments(service: Server, over_http: str, name: str, arguments: dict[str, Any], said: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    assert said in failed(asyncio.run(use_http(over_http, headers, tool(name, **arguments))))


def test_a_tool_that_there_is_not(call: Callable[..., Any]) -> None:
    async def use(client: Any) -> str:
        with pytest.raises(mcp.MCPError, match="there is no tool 'delete'; use search, read_article") as caught:
            await client.call_tool("delete", {})
        return str(caught.value.code)

    assert call(use) == "-32602"
