"""Runs the protocol server: over standard input and output, or over HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import anyio
import uvicorn
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette

from qa_service.client import Client
from qa_service.errors import QAError
from qa_service.mcp.guard import Guard
from qa_service.mcp.server import Context, make_server

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104
_BEARER = re.compile(r"Bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_BACKLOG = 128
_GRACE_SECONDS = 3
_MOST_CONNECTIONS = 1000


def serve_stdio(client: Client) -> None:
    """Serve one caller over standard input and output, until the input ends or the process is told to stop.

    Parameters:
        client: the service, with the caller's key.
    """
    server = make_server(lambda _: client, "start `qa-service mcp` with the service's key as --key or in QA_API_KEY")

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    # A thread waits for a line of input and cannot be woken, so there is no way out but this.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    anyio.run(run)


def serve_http(
    client: Client,
    host: str,
    port: int,
    names: tuple[str, ...],
    announce: Callable[[str], None],
    guard: Guard | None = None,
) -> None:
    """Serve any number of callers over HTTP, each with the key of its own request, until told to stop.

    Parameters:
        client: the service; its key is not used.
        host: the address to listen on.
        port: 0 takes a free one.
        names: under which host names callers reach it, besides loopback names and `host`; requests for others are
            refused, so that no web page can reach it through a name of its own (DNS rebinding).
        announce: is told the server's URL once it listens.
        guard: has a say in every call; None where whoever reaches the server may be passed on.

    Errors:
        QAError: it cannot listen there.
    """
    listener = _listen(host, port)
    app = make_app(client, host, names, guard)
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn handles the signal itself while it runs, and at its end raises it once more for the handler before.
    signal.signal(signal.SIGTERM, stop)
    with listener:
        announce(f"http://{shown}:{listener.getsockname()[1]}{PATH}")
        server.run([listener])


def make_app(client: Client, host: str, names: tuple[str, ...] = (), guard: Guard | None = None) -> Starlette:
    """Make the ASGI application; see `serve_http`."""

    def client_for(context: Context) -> Client:
        if guard is not None:
            guard.check()
        return client.with_key(_bearer(context.request))

    server = make_server(client_for, "send the service's key with each request, as Authorization: Bearer KEY")
    # Each request stands for itself: nothing is kept between them that could mix up callers.
    return server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        transport_security=_security(host, names),
        host=host,
    )


def _bearer(request: Any) -> str | None:
    header = "" if request is None else request.headers.get("authorization", "")
    found = _BEARER.fullmatch(header)
    return found[1] if found else None


def _security(host: str, names: tuple[str, ...]) -> TransportSecuritySettings:
    own = () if host in _ANY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    hosts = [form for name in (*_LOOPBACK, *own, *names) for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{form}" for scheme in ("http", "https") for form in hosts]
    return TransportSecuritySettings(enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise QAError(
            f"cannot listen on {host} port {port}: {reason}", field="--port", remedy="choose another port or --host"
        ) from error


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(0 if number == signal.SIGTERM else 128 + number)
