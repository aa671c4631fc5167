"""`qa-service collections`: list, delete."""

from __future__ import annotations

import sys

import click

from qa_service.cli.options import current_settings, data_option, open_engine, open_library
from qa_service.cli.output import printable, table


@click.group()
@data_option
def collections() -> None:
    """List or delete collections."""


@collections.command("list")
@data_option
def list_collections() -> None:
    """List the collections and their sizes."""
    with open_library(current_settings()) as library:
        found = library.collections()
    if not found:
        click.echo("no collections")
        return
    rows = [(item.name, item.articles, item.passages, item.created_at) for item in found]
    click.echo(table(("name", "articles", "passages", "created"), rows))


@collections.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete without asking; off a terminal nothing is asked.")
@data_option
def delete(name: str, yes: bool) -> None:
    """Delete a collection with all its articles."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete the collection {printable(name)} with all its articles?", abort=True)
    with open_engine(current_settings(), asking=False) as engine:
        engine.delete_collection(name)
    click.echo(f"deleted {printable(name)}")
