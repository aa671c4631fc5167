"""`qa-service backup` and `qa-service restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa_service.cli.byte_progress import byte_progress, size
from qa_service.cli.options import current_settings, data_option
from qa_service.cli.output import printable, warning_line
from qa_service.errors import BadInput

if TYPE_CHECKING:
    from qa_service.backup.archive import Contents
    from qa_service.config import Settings


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--indexes", is_flag=True, help="Put the indexes in too, so that a restore need not make them again.")
@click.option("--verify", is_flag=True, help="Make no backup; check every checksum of the one that FILE is.")
@data_option
def backup(file: Path, *, indexes: bool, verify: bool) -> None:
    """Back the data directory up into FILE, also while it is served and written.

    FILE is one archive of the articles, their vectors, the calibration and the API keys as of one moment. It appears,
    or replaces an older backup of that name, only when it is whole.
    """
    if verify and indexes:
        raise click.UsageError("--verify and --indexes exclude each other")
    if verify:
        from qa_service.backup.reading import verify as verify_backup  # noqa: PLC0415

        with byte_progress("verifying") as advance:
            contents = verify_backup(file, advance)
        click.echo(f"all is well: {_described(contents)}")
        return
    from qa_service.backup.making import make  # noqa: PLC0415

    settings = _of_a_file()
    with byte_progress("backing up") as advance:
        made = make(settings.data_dir, file, indexes=indexes, advance=advance)
    for warning in made.warnings:
        warning_line(warning)
    click.echo(f"{printable(str(file))}: {size(made.bytes)}, {_described(made.contents)}")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what the data directory holds.")
@click.option("--keep-keys", is_flag=True, help="Keep the data directory's own API keys, not those of the backup.")
@data_option
def restore(file: Path, *, replace: bool, keep_keys: bool) -> None:
    """Make the data directory hold what the backup FILE holds; no server may be using it.

    The directory must be empty, or --replace be given. All of FILE is verified and opened before anything is replaced,
    and what was there is removed only when the new content has opened. Keys that were revoked since the backup are
    valid again afterwards, unless --keep-keys is given.
    """
    from qa_service.backup.restoring import restore as restore_backup  # noqa: PLC0415

    settings = _of_a_file()
    with byte_progress("restoring") as advance:
        contents = restore_backup(file, settings.data_dir, replace=replace, keep_keys=keep_keys, advance=advance)
    later = "" if contents.index_format else "; the indexes are made again at the next start"
    click.echo(f"{printable(str(settings.data_dir))}: {_described(contents)}{later}")


def _of_a_file() -> Settings:
    """Read the settings; their catalogue is to be a file."""
    settings = current_settings()
    if settings.catalog is not None:
        raise BadInput(
            "backups are of data directories, and the articles are in a PostgreSQL database",
            field="QA_CATALOG",
            remedy="use pg_dump and pg_restore; the data directory's keys.json and calibration.json are files to copy",
        )
    return settings


def _described(contents: Contents) -> str:
    """Tell what a backup holds, in one line."""
    articles, collections = contents.articles, len(contents.collections)
    return (
        f"{articles:,} article{'' if articles == 1 else 's'} in {collections:,}"
        f" collection{'' if collections == 1 else 's'}, {'with' if contents.index_format else 'without'} indexes,"
        f" made {printable(contents.made_at)} by version {printable(contents.service)}"
    )
