"""`qa-service mcp` through the SDK's own client, over both transports, in front of a running service."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qa_service.client import Client as Service
from tests.http.conftest import Server
from tests.http.service import ROOT, serving

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: E402

pytestmark = pytest.mark.http

KEY = "the-key"
CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号🙂。"
LONG = "".join(f"第{number}号仓库在东区。" for number in range(2000))
Use = Callable[[Any], Awaitable[Any]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    settings = {"QA_API_KEY": KEY, "QA_MIN_CONFIDENCE": "0"}
    with serving(tmp_path_factory.mktemp("service"), cache_dir, **settings) as server:
        with Service(url_of(server), KEY) as client:
            about = {"title": "医院 <b>", "url": "http://hospital.test/2", "published_at": "2024-05-31"}
            client.add([{"id": "城/医院", "text": CLINIC, **about, "metadata": {"topic": "health"}}])
            client.add([{"id": "copy", "text": CLINIC}, {"id": "long", "text": LONG}], collection="other")
        yield server


@pytest.fixture(scope="module")
def over_http(service: Server, tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[str]:
    # Its own environment has the right key, which must not stand in for a caller's.
    options = ("--url", url_of(service))
    with serving(tmp_path_factory.mktemp("mcp"), cache_dir, *options, command="mcp", QA_API_KEY=KEY) as server:
        yield f"http://127.0.0.1:{server.port}/mcp"


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


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def stdio(url: str, *options: str) -> Any:
    arguments = ["-m", "qa_service", "mcp", "--stdio", "--url", url, *options]
    return mcp.StdioServerParameters(command=sys.executable, args=arguments, env={"PYTHONPATH": str(ROOT)})


def run(server: Any, use: Use) -> Any:
    async def session() -> Any:
        async with mcp.Client(server) as client:
            return await use(client)

    return asyncio.run(session())


async def use_http(url: str, headers: dict[str, str], use: Use) -> Any:
    async with (
        create_mcp_http_client(headers=headers) as http,
        mcp.Client(streamable_http_client(url, http_client=http)) as client,
    ):
        return await use(client)


def tool(name: str, **arguments: Any) -> Use:
    return lambda client: client.call_tool(name, arguments)


def failed(result: Any) -> str:
    """Check that a result is a tool error, and give what it says."""
    assert result.is_error is True
    assert result.structured_content is None
    [content] = result.content
    assert "Traceback" not in content.text
    assert "\n" not in content.text
    return str(content.text)


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


def test_callers_over_http_do_not_share_a_key(over_http: str) -> None:
    async def use() -> list[bool]:
        async def ask(key: str) -> bool:
            headers = {"Authorization": f"Bearer {key}"}
            return bool((await use_http(over_http, headers, tool("list_collections"))).is_error)

        return await asyncio.gather(*(ask(key) for key in (KEY, "wrong", KEY, "b d", KEY)))

    assert asyncio.run(use()) == [False, True, False, True, False]


def test_the_service_is_down() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        said = failed(run(stdio(url), tool("search", question="谁?")))
    assert url in said
    assert "qa-service serve" in said


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


def test_an_older_client(over_http: str) -> None:
    async def use() -> Any:
        async with create_mcp_http_client(headers={"Authorization": f"Bearer {KEY}"}) as http:
            transport = streamable_http_client(over_http, http_client=http)
            async with mcp.Client(transport, mode="legacy") as client:
                return await client.call_tool("list_collections", {})

    assert asyncio.run(use()).structured_content["collections"]


def test_foreign_host_names_are_refused(over_http: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx2.post(over_http, json=body, headers={**accept, "Host": "evil.test"}).status_code == 421
    assert httpx2.post(over_http, json=body, headers={**accept, "Origin": "http://evil.test"}).status_code == 403


def test_the_output_carries_nothing_but_the_protocol(service: Server) -> None:
    sent = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_collections", "arguments": {}}},
        "not json",
    ]  # fmt: skip
    command = [sys.executable, "-m", "qa_service", "mcp", "--stdio", "--url", url_of(service), "--key", KEY]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    for message in sent:
        process.stdin.write((message if isinstance(message, str) else json.dumps(message)).encode() + b"\n")
        process.stdin.flush()
    answers = {}
    while not {1, 2} <= set(answers):
        answer = json.loads(process.stdout.readline())
        answers[answer.get("id")] = answer
    # The end of the input is the end of the process.
    rest, errors = process.communicate(timeout=60)
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in rest.splitlines())
    assert answers[2]["result"]["structuredContent"]["collections"]
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize("options", [["--stdio"], ["--port", "0"]])
def test_it_ends_when_told_to(options: list[str]) -> None:
    command = [sys.executable, "-m", "qa_service", "mcp", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    if options == ["--stdio"]:
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(60) == 0
        assert b"Traceback" not in process.communicate()[1]
    finally:
        process.kill()


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "qa_service", "mcp", "--port", port]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error: --port: cannot listen on 127.0.0.1 port {port}: ")
    assert ran.stderr.count("\n") == 1
