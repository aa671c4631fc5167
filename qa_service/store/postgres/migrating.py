"""The format of a database: the migrations that all catalogues share, translated, and what PostgreSQL has beside."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from importlib import resources
from typing import NoReturn

import psycopg
from psycopg import errors

from qa_service.errors import Incompatible
from qa_service.store import migrating
from qa_service.store.postgres import locks, telling
from qa_service.store.postgres.server import Raw, Server, close
from qa_service.store.postgres.statements import tables


def prepare(server: Server) -> str:
    """Bring a database to the last format; return its identity. Of services that start at once, one does.

    Errors:
        Incompatible: a newer version of the service made it, or it is somebody else's. Unavailable: it cannot be used.
    """
    raw = server.connect()
    try:
        with telling.told(server.where):
            _ensure_utf8(raw, server.where)
            if _format(raw, server.where) != len(migrating.migrations()):
                # Before the transaction begins, which then sees the tables that another has made.
                locks.wait_for(raw, locks.FORMAT, server.where, "has been migrating the tables")
                with raw.transaction():
                    _migrate(raw, server.where)
            found = raw.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
            assert found is not None
            return str(found[0])
    finally:
        close(raw)


def _format(raw: Raw, where: str) -> int:
    """Tell how many migrations a database has had."""
    there = raw.execute("SELECT to_regclass('meta') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return 0
    with _ours(where, "meta"):
        found = raw.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    try:
        return int(found[0]) if found else _refuse(where, "meta")
    except (ValueError, TypeError):
        _refuse(where, "meta")


def _migrate(raw: Raw, where: str) -> None:
    done = _format(raw, where)
    scripts = migrating.migrations()
    if done > len(scripts):
        raise Incompatible(
            f"it has format {done}, this version knows up to {len(scripts)}",
            field=where,
            remedy="install the version of qa-service that made it, or a later one",
        )
    own = _own()
    for number, script in enumerate(scripts[done:], start=done + 1):
        with _ours(where, None) if number == 1 else contextlib.nullcontext():
            raw.execute(tables(script))
        if number in own:
            raw.execute(own[number])
    raw.execute(
        "INSERT INTO meta VALUES ('format', %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (str(len(scripts)),),
    )


@contextlib.contextmanager
def _ours(where: str, table: str | None) -> Iterator[None]:
    """Refuse a database in which something else has the name of a table of ours.

    Parameters:
        table: the one that is there and is read; None where those that are not there are made.
    """
    try:
        yield
    except (errors.InsufficientPrivilege, errors.InvalidSchemaName):
        raise
    except (psycopg.ProgrammingError, psycopg.DataError) as error:
        found = [table] if table else re.findall(r'relation "(\w+)" already exists', str(error))
        _refuse(where, *found)


def _refuse(where: str, *found: str) -> NoReturn:
    named = f", such as {found[0]}" if found else ""
    raise Incompatible(
        f"it has tables that are not the service's{named}",
        field=where,
        remedy="name an empty database in QA_CATALOG, or an empty schema with ?options=-csearch_path%3DNAME",
    )


def own_tables() -> list[str]:
    """Name the tables of the service."""
    scripts = (*migrating.migrations(), *_own().values())
    return sorted(name for script in scripts for name in re.findall(r"^CREATE TABLE (\w+)", script, re.MULTILINE))


def _own() -> dict[int, str]:
    """Read what PostgreSQL has beside, by the number of the migration after which it comes."""
    folder = resources.files("qa_service.store.postgres") / "migrations"
    named = (entry for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(entry.name[:4]): entry.read_text(encoding="utf-8") for entry in named}


def _ensure_utf8(raw: Raw, where: str) -> None:
    found = raw.execute("SHOW server_encoding").fetchone()
    if found is None or found[0] != "UTF8":
        raise Incompatible(
            "its encoding is not UTF-8", field=where, remedy="make the database with ENCODING 'UTF8' TEMPLATE template0"
        )
