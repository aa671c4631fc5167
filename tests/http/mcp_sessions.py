"""Sessions with `qa-service mcp` through the SDK's own client, and the service behind it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qa_service.client import Client as Service
from tests.http.conftest import Server
from tests.http.service import ROOT, serving

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: E402

KEY = "the-key"
CLINIC = "第二社区医院的院长是林月华。医院位于和平路十二号🙂。"
LONG = "".join(f"第{number}号仓库在东区。" for number in range(2000))
Use = Callable[[Any], Awaitable[Any]]


@contextmanager
def articles_served(folder: Path, cache_dir: Path) -> Iterator[Server]:
    """Run the service with a key and the articles that the tests ask for."""
    with serving(folder, cache_dir, QA_API_KEY=KEY, QA_MIN_CONFIDENCE="0") as server:
        with Service(url_of(server), KEY) as client:
            about = {"title": "医院 <b>", "url": "http://hospital.test/2", "published_at": "2024-05-31"}
            client.add([{"id": "城/医院", "text": CLINIC, **about, "metadata": {"topic": "health"}}])
            client.add([{"id": "copy", "text": CLINIC}, {"id": "long", "text": LONG}], collection="other")
        yield server


@contextmanager
def served_over_http(service: Server, folder: Path, cache_dir: Path) -> Iterator[str]:
    """Run the MCP server over HTTP in front of the service; give its URL."""
    # Its own environment has the right key, which must not stand in for a caller's.
    with serving(folder, cache_dir, "--url", url_of(service), command="mcp", QA_API_KEY=KEY) as server:
        yield f"http://127.0.0.1:{server.port}/mcp"


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
