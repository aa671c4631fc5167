"""`qa-service rebuild`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from qa_service.cli.options import current_settings, data_option, open_engine, open_library
from qa_service.cli.progress import counting

if TYPE_CHECKING:
    from qa_service.config import Settings

_WAIT_S = 600


@click.command()
@data_option
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.IntRange(min=0),
    default=_WAIT_S,
    show_default=True,
    help="How long a running server is given to go on with the new index.",
)
def rebuild(wait: int) -> None:
    """Make every index anew from the stored articles and vectors.

    Needed after the model or another setting has changed; only what the change concerns is encoded again.

    With another model, user dictionary or repair the new index is made beside the one in use, so it takes as much room
    again. Servers go on answering from the old one meanwhile, and articles may be added, replaced and deleted; then
    they go on with the new one without a pause. From then on QA_MODEL and the like must name what it was made with.
    Interrupted, it leaves what is in use as it was, and goes on where it was when it is run again.

    Where the catalogue is in PostgreSQL, articles are processed where they are, so the services have to be stopped
    first; another model needs a database of its own.

    Else indexes are mended where they are, and what is damaged of them is made again.
    """
    started = time.monotonic()
    settings = current_settings()
    # Where the server ended before it had gone on with the new index, this has to bring it about.
    while (told := _rebuilt(settings, wait)) is None:
        pass
    click.echo(f"rebuilt in {time.monotonic() - started:.1f} s{told}")


def _rebuilt(settings: Settings, wait: int) -> str | None:
    """Rebuild; tell what is to be said of it, or None when it is to be gone on with."""
    from qa_service import succession  # noqa: PLC0415
    from qa_service.store import successor  # noqa: PLC0415

    with open_engine(settings, recover=False) as engine:
        if not succession.is_needed(engine):
            successor.remove_unused(settings.data_dir)
            engine.rebuild()
            return ""
        if not succession.is_possible(engine):
            succession.ensure_in_place(engine)
            engine.rebuild()
            return ", with the new settings: start the services with them"
        versions = engine.generations.versions
        with counting("processing articles", "articles") as track:
            switched = succession.build(engine, track)
    if not switched:
        click.echo("the new index is ready; waiting for the server to go on with it", err=True)
        taken_over = succession.wait(settings.data_dir, versions.pipeline, wait)
        if taken_over is None:
            return None
        if not taken_over:
            return (
                f", but the server has not gone on with the new index within {wait} s. It will as soon as it can;"
                " or stop it and run `qa-service rebuild` again"
            )
        return (
            f", and the server answers with the model {versions.model} now. Start it with the same settings from now on"
            f" (QA_MODEL={settings.model})"
        )
    # Opened by nobody else, the new index moves to its place.
    with open_library(settings):
        return f", with the model {versions.model}"
