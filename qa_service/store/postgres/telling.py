"""What PostgreSQL says of a catalogue that cannot be read or written, in words of our own and without its password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
from psycopg import errors

from qa_service.errors import Damaged, Rejected, Unavailable

AGAIN = "see that PostgreSQL runs and can be reached; nothing has to be restarted here"
_OF_WHAT_IS_GIVEN = ("22", "54")
"""Classes of errors that come from a value: it cannot be kept as it is, or is over a limit. It never will be taken."""


def tell(error: psycopg.Error, where: str) -> NoReturn:
    """Tell why a database cannot be used; what is a mistake of ours stays as it is.

    Errors:
        Damaged: PostgreSQL finds that it is not sound. Rejected: it will never take what is to be written. Unavailable:
        it cannot be used now.
    """
    said = _first_line(error)
    if isinstance(error, errors.DataCorrupted | errors.IndexCorrupted):
        remedy = "restore the database from a backup"
        raise Damaged(f"PostgreSQL cannot read the catalogue: {said}", field=where, remedy=remedy) from error
    if isinstance(error, errors.ReadOnlySqlTransaction):
        remedy = "name the primary server in QA_CATALOG"
        raise Unavailable("the database takes no writes: it is a standby", field=where, remedy=remedy) from error
    if isinstance(error, errors.InsufficientPrivilege | errors.InvalidSchemaName):
        remedy = (
            "make the schema that is named there, if any, and let the user in QA_CATALOG own the database or its schema"
        )
        raise Unavailable(f"PostgreSQL refuses: {said}", field=where, remedy=remedy) from error
    if (error.sqlstate or "")[:2] in _OF_WHAT_IS_GIVEN:
        remedy = "leave the article out or shorten what is long in it, and report it with this message"
        raise Rejected(f"PostgreSQL does not take it: {said}", remedy=remedy) from error
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | errors.IdleInTransactionSessionTimeout):
        raise Unavailable(f"the catalogue cannot be used now: {said}", field=where, remedy=AGAIN) from error
    raise error


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Tell of what goes wrong with a database as `tell` does."""
    try:
        yield
    except psycopg.Error as error:
        tell(error, where)


@contextlib.contextmanager
def of_files(data_dir: Path) -> Iterator[None]:
    """Tell why a batch failed that writes files of the data directory too.

    Errors:
        Unavailable: they cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"writing failed: {error}",
            field=str(data_dir),
            remedy="check that the disk has room and the directory can be written, then try again",
        ) from error


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
