"""`qa-service serve`."""

from __future__ import annotations

import os

import click

from qa_service.cli.options import current_settings, data_option, setting_option


@click.command()
@setting_option("host", metavar="ADDRESS")
@setting_option("port", type=click.IntRange(0, 65535))
@setting_option("threads", type=click.IntRange(1, 256))
@click.option(
    "--samples/--no-samples",
    default=False,
    show_default=True,
    help="Whether to ingest the sample articles into a data directory that holds no article.",
)
@data_option
def serve(host: str | None, port: int | None, threads: int | None, samples: bool) -> int:
    """Serve the chat page and the HTTP API until stopped."""
    settings = current_settings(host=host, port=port, threads=threads)
    # Read by the application's loader, which runs in the server's worker.
    os.environ["QA_SAMPLES"] = "1" if samples else "0"
    from qa_service.http.exposure import refuse_exposed  # noqa: PLC0415
    from qa_service.http.server import serve as run_server  # noqa: PLC0415

    refuse_exposed(settings)
    return run_server(settings)
