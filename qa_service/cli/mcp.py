"""`qa-service mcp`."""

from __future__ import annotations

import click

from qa_service.cli.options import current_settings
from qa_service.errors import QAError

DEFAULT_URL = "http://127.0.0.1:8000"


@click.command()
@click.option("--stdio", is_flag=True, help="Serve the program that starts this, over standard input and output.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Serve over HTTP (streamable HTTP, at /mcp) on this port; 0: a free one.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; on any that is not loopback's, the service must want keys, or QA_ALLOW_OPEN be true.",
)
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    multiple=True,
    help="A further host name that callers use for this server; may be given more than once. Others are refused. One"
    " that is not loopback's counts as such an address.",
)
@click.option("--url", metavar="URL", default=DEFAULT_URL, show_default=True, help="The running qa-service.")
@click.option(
    "--key",
    metavar="KEY",
    help="Its key, with --stdio.  [default: $QA_API_KEY]  Over HTTP, each caller's own key is passed on.",
)
def mcp(stdio: bool, port: int | None, host: str, names: tuple[str, ...], url: str, key: str | None) -> None:
    """Give language models the tools to search a running service (Model Context Protocol).

    The tools are search, read_article and list_collections. Exactly one of --stdio and --port is needed.
    """
    if stdio == (port is not None):
        raise click.UsageError(
            "--stdio and --port exclude each other." if stdio else "Give --stdio, or --port for HTTP."
        )
    if port is not None and key is not None:
        raise click.UsageError("--key goes with --stdio; over HTTP, each caller sends its own key.")
    from qa_service.client import Client  # noqa: PLC0415

    try:
        from qa_service.mcp.guard import Guard, is_private  # noqa: PLC0415
        from qa_service.mcp.running import serve_http, serve_stdio  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("qa_service"):
            raise
        raise QAError(
            f"the MCP SDK is not installed ({error.name} is missing)", remedy='pip install "qa-service[mcp]"'
        ) from error
    # An empty key: over HTTP this process's own key must never stand in for a caller's.
    with Client(url, key if stdio else "") as client:
        if port is None:
            serve_stdio(client)
            return
        guard = None if is_private(host, names) or current_settings().allow_open else Guard(client)
        if guard is not None:
            guard.refuse_open()
        serve_http(client, host, port, names, lambda at: click.echo(f"qa-service mcp: ready at {at}"), guard)
