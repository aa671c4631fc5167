"""What PostgreSQL says of a catalogue that cannot be read or written, in words of our own and without its password."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
from psycopg import errors

from qa_service.errors import Damaged, Rejected, Unavailable

AGAIN = "see that PostgreSQL runs and can be reached; nothing has to be restarted here"
CORRECT = "correct QA_CATALOG (or the database's rights), then restart"
_FEWER = "raise max_connections of PostgreSQL, or lower QA_CATALOG_CONNECTIONS of the replicas"
_WRONG_ADDRESS = ("28", "3D")
"""Classes of errors that come from the address: who asks is not let in, or there is no such database."""
_WRONG_ADDRESS_SAID = re.compile(
    r"password authentication failed|no password supplied|no pg_hba\.conf entry|pg_hba\.conf rejects"
    r"|(?:role|database) \".*\" does not exist|is not permitted to log in|invalid integer value|invalid port number"
    r"|invalid \w+ value|could not match \d+ "
)
"""The same where a connection could not be made: the client library gives no SQLSTATE then."""
_TOO_MANY_SAID = re.compile(r"too many (?:clients|connections)|remaining connection slots")
_OF_WHAT_IS_GIVEN = ("22", "54")
"""Classes of errors that come from a value: it cannot be kept as it is, or is over a limit. It never will be taken."""


class Full(Unavailable):
    """The server has as many connections as it takes. HTTP 503."""


def tell(error: psycopg.Error, where: str) -> NoReturn:
    """Tell why a database cannot be used; what is a mistake of ours stays as it is.

    Errors:
        Damaged: PostgreSQL finds that it is not sound. Full: it takes no more connections. Rejected: it
        will never take what is to be written. Unavailable: it cannot be used now.
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
    if _is_of(error, ("53300",), _TOO_MANY_SAID):
        raise Full(f"PostgreSQL takes no more connections: {said}", field=where, remedy=_FEWER) from error
    if _is_of(error, _WRONG_ADDRESS, _WRONG_ADDRESS_SAID):
        raise Unavailable(f"PostgreSQL refuses: {said}", field=where, remedy=CORRECT) from error
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


def _is_of(error: psycopg.Error, states: tuple[str, ...], said: re.Pattern[str]) -> bool:
    if error.sqlstate is not None:
        return error.sqlstate.startswith(states)
    return isinstance(error, psycopg.OperationalError) and said.search(str(error)) is not None


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
