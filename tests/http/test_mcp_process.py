"""`qa-service mcp` as a process: its transports, who may speak to it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx2
import pytest

from qa_service.config import Settings
from qa_service.http import create_app
from tests.http.conftest import Server
from tests.http.fake_engine import FakeEngine
from tests.http.service import ROOT, serving

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: E402

from tests.http.mcp_sessions import (  # noqa: E402
    KEY,
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


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def application(data: Path, **given: Any) -> Any:
    return create_app(Settings(data_dir=data, **given), FakeEngine())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with articles_served(tmp_path_factory.mktemp("service"), cache_dir) as server:
        yield server


@pytest.fixture(scope="module")
def over_http(service: Server, tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[str]:
    with served_over_http(service, tmp_path_factory.mktemp("mcp"), cache_dir) as url:
        yield url


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


def test_callers_of_the_network_are_passed_on_while_the_service_wants_keys(tmp_path: Path, cache_dir: Path) -> None:
    def busy(_: Any, start: Any) -> list[bytes]:
        start("503 Service Unavailable", [])
        return [b""]

    def serve(environ: Any, start: Any) -> Any:
        return served[0](environ, start)

    served: list[Any] = [busy]
    backend = make_server("127.0.0.1", 0, serve, handler_class=Quiet)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    options = ("--url", f"http://127.0.0.1:{backend.server_port}", "--allow-host", "qa.test")
    headers = {"Authorization": f"Bearer {KEY}"}
    try:
        with serving(tmp_path, cache_dir, *options, command="mcp") as server:

            def collections() -> Any:
                return asyncio.run(use_http(f"{url_of(server)}/mcp", headers, tool("list_collections")))

            served[0] = application(tmp_path)
            # The service takes any key, since it wants none.
            assert "--host: the service answers without a key" in failed(collections())
            served[0] = application(tmp_path, api_key=KEY)
            assert collections().structured_content["collections"]
    finally:
        backend.shutdown()
        backend.server_close()


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
