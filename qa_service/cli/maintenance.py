"""`qa-service check` and `qa-service rebuild`."""

from __future__ import annotations

import time

import click

from qa_service.cli.options import current_settings, data_option, open_engine
from qa_service.cli.output import printable


@click.command()
@data_option
def check() -> int:
    """Verify every checksum and index of the data directory; exit code 1 when something is wrong."""
    with open_engine(current_settings(), recover=False) as engine:
        problems = engine.check()
    for problem in problems:
        click.echo(printable(problem))
    click.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found" if problems else "all is well")
    return 1 if problems else 0


@click.command()
@data_option
def rebuild() -> None:
    """Make every index anew from the stored articles and vectors.

    Needed after the model or another setting has changed; only what the change concerns is encoded again.
    """
    started = time.monotonic()
    with open_engine(current_settings(), recover=False) as engine:
        engine.rebuild()
    click.echo(f"rebuilt in {time.monotonic() - started:.1f} s")
