"""`qa-service migrate`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import printable
from qa_service.cli.progress import counting

_QUESTIONS = 20


@click.command()
@click.option(
    "--to",
    metavar="PLACE",
    required=True,
    envvar="QA_MIGRATE_TO",
    show_envvar=True,
    help="Where passages are to be searched: milvus://host:port/database, or `local`, in a data directory. One with a"
    " password is better put into the environment, where other users of the machine do not see it.",
)
@click.option(
    "--catalog",
    metavar="ADDRESS",
    envvar="QA_MIGRATE_CATALOG",
    show_envvar=True,
    help="The empty PostgreSQL database to which articles and vectors move, postgresql://user@host:port/name; without"
    " it they stay where they are, or with --to local move to a data directory.",
)
@click.option(
    "--data-to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --to local: that data directory, empty or absent.  [default: the one of --data]",
)
@click.option(
    "--verify",
    metavar="N",
    type=click.IntRange(0, 10_000),
    default=_QUESTIONS,
    show_default=True,
    help="How many questions both have to answer alike before the new place may be served.",
)
@data_option
def migrate(to: str, catalog: str | None, data_to: Path | None, verify: int) -> None:
    """Move everything that QA_DATA_DIR, QA_CATALOG and QA_INDEX name to another place, without encoding it again.

    To Milvus alone, or to Milvus and PostgreSQL, and back. What is moved stays as it is and answers questions all the
    while; writes to it wait, and are refused after two minutes. Nothing that is written to it later is moved: stop its
    servers before, or have them take nothing in. Interrupted, the same command goes on where it was. What is not
    complete, or answers otherwise than what was moved, refuses to be served. Where the index alone moves, without
    --catalog and --data-to, nothing could refuse: an index that answers otherwise is removed again, unless some of it
    was there before.

    keys.json, calibration.json and the question log, questions.sqlite3, stay files of the data directory; with
    --data-to they are copied. Whoever lists the processes of the machine sees passwords in a command: put such
    addresses into the environment (QA_MIGRATE_TO, QA_MIGRATE_CATALOG). They can also be left out of --catalog where
    libpq finds them, as in ~/.pgpass.
    """
    from qa_service.migrating import moving, places  # noqa: PLC0415

    started = time.monotonic()
    route = places.route(current_settings(), to, catalog, data_to)
    report = moving.migrate(route, verify, counting)
    click.echo(printable(f"moved to {places.described(route.target)} in {time.monotonic() - started:.1f} s"))
    if route.copies and report.rows:
        rate = report.rows / max(report.copy_s, 1e-3)
        click.echo(f"{report.rows:,} rows with their vectors copied in {report.copy_s:.1f} s, {rate:,.0f} a second")
    click.echo(f"{report.passages:,} passages indexed in {report.publish_s:.1f} s; none was encoded")
    click.echo(f"{report.compared:,} questions were answered alike")
    click.echo("start the services with")
    for variable in places.variables(route.target):
        click.echo(printable(f"  {variable}"))
    if report.files:
        what = " and ".join(report.files)
        click.echo(f"{what} {'copied' if report.taken else 'stay here: each service needs a copy in its QA_DATA_DIR'}")
    if report.question_log:
        click.echo(f"questions.sqlite3, the question log, {'copied' if report.taken else 'stays here'}")
