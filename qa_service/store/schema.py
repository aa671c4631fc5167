"""Whether a catalogue from elsewhere has exactly the tables that the service makes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from qa_service.errors import Damaged, Incompatible
from qa_service.store import migrating
from qa_service.store.catalog_file import unwritten

_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master"
_STATISTICS = {
    ("table", "sqlite_stat1", "sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
    ("table", "sqlite_stat4", "sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"),
}
"""What ANALYZE adds, which the service does not run and an operator may have; other names of SQLite's own are compared
too, since a catalogue from elsewhere can have a trigger of such a name."""


def newest_schema() -> int:
    """Tell how many migrations this version knows."""
    return len(migrating.migrations())


def check_schema(path: Path) -> None:
    """Refuse a catalogue file with other tables, or with triggers or views, before anything is run on it.

    Errors:
        Incompatible: a newer version made it. Damaged: it is not a catalogue of the service.
    """
    with unwritten(path) as connection:
        schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
        found = set(connection.execute(_OBJECTS)) - _STATISTICS
    if schema > newest_schema():
        raise Incompatible(
            f"the catalogue has format {schema}, this version knows up to {newest_schema()}",
            field=path.name,
            remedy="install the version of qa-service that made it, or a later one",
        )
    if schema < 1 or found != _expected(schema):
        raise Damaged(
            "the catalogue has other tables than the service makes", field=path.name, remedy="use another backup"
        )


def _expected(schema: int) -> set[tuple[str, str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in migrating.migrations()[:schema]:
            connection.executescript(script)
        return set(connection.execute(_OBJECTS))
