"""`qa-service keys`: add, list, revoke."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import json_text, printable, table, warning_line
from qa_service.config import Settings
from qa_service.keys.key import MOST_DAYS, SCOPES, Key, Scope, make_key
from qa_service.keys.key_file import NAME, add_key, read_settled_keys, revoke_key
from qa_service.keys.owner import as_owner_of


@click.group()
@data_option
def keys() -> None:
    """Make, list and revoke the keys of the HTTP API; a running server takes each change at once."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("ask",),
    show_default=True,
    help="What it may do: ask questions; write and read articles, collections and jobs; or everything. May be given"
    " more than once.",
)
@click.option(
    "--collection",
    "collections",
    metavar="NAME",
    multiple=True,
    help="A collection that it sees; may be given more than once.  [default: all]",
    show_default=False,
)
@click.option("--expires", metavar="DAYS", type=click.IntRange(1, MOST_DAYS), help="Days until it expires.")
@click.option(
    "--rate",
    metavar="N/TIME",
    help="Requests in a time: N/second, N/minute, N/hour or N/day.  [default: that of QA_KEY_RATE]",
)
@click.option("--concurrency", metavar="N", type=click.IntRange(1), help="Requests at one time.")
@data_option
def add(
    name: str,
    scopes: tuple[Scope, ...],
    collections: tuple[str, ...],
    expires: int | None,
    rate: str | None,
    concurrency: int | None,
) -> None:
    """Make a key and write it to standard output, this once: only a hash of it is kept.

    NAME says whose it is or what for.
    """
    settings = current_settings()
    key, text = make_key(name, scopes, collections or None, days=expires, rate=rate, concurrency=concurrency)
    add_key(settings.data_dir, key)
    click.echo(f"key {key.id} for {printable(name)}: keep it, it is not shown again", err=True)
    _tell_of_replicas(settings)
    click.echo(text)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@data_option
def list_keys(as_json: bool) -> None:
    """List the keys, without their secrets."""
    data_dir = current_settings().data_dir
    with as_owner_of(data_dir):
        found = read_settled_keys(data_dir) or ()
    if as_json:
        rows = [{name: value for name, value in asdict(key).items() if name != "sha256"} for key in found]
        click.echo(json_text({"keys": rows}))
    elif not found:
        click.echo("no keys")
    else:
        click.echo(table(_HEADER, [_row(key) for key in found]))


@keys.command()
@click.argument("key_id", metavar="ID")
@data_option
def revoke(key_id: str) -> None:
    """Take a key away; `keys list` shows the ids."""
    settings = current_settings()
    gone, left = revoke_key(settings.data_dir, key_id)
    click.echo(f"revoked {gone.id} ({printable(gone.name)})")
    if not left and settings.api_key is None:
        warning_line("no key is left: a server that runs lets nobody in; started anew on loopback, it asks for no key")
    _tell_of_replicas(settings)


def _tell_of_replicas(settings: Settings) -> None:
    """Say that services which share a catalogue share no keys."""
    if settings.catalog is not None:
        file = settings.data_dir / NAME
        warning_line(f"this holds for the services of this data directory: copy {file} to every other replica")


_HEADER = ("id", "name", "scopes", "collections", "created", "expires", "rate", "at a time")


def _row(key: Key) -> tuple[object, ...]:
    expires = "never" if key.expires_at is None else key.expires_at
    if key.expired(datetime.now(UTC)):
        expires = f"{expires} (over)"
    seen = "all" if key.collections is None else ",".join(key.collections) or "none"
    scopes = ",".join(key.scopes)
    return key.id, key.name, scopes, seen, key.created_at, expires, key.rate or "any", key.concurrency or "any"
