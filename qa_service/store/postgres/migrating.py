"""The format of a database: the migrations that all catalogues share, translated, and what PostgreSQL has beside."""

from __future__ import annotations

from importlib import resources

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
    found = raw.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if found is None:
        raise Incompatible(
            "it has tables that are not the service's", field=where, remedy="name an empty database in QA_CATALOG"
        )
    return int(found[0])


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
        raw.execute(tables(script))
        if number in own:
            raw.execute(own[number])
    raw.execute(
        "INSERT INTO meta VALUES ('format', %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (str(len(scripts)),),
    )


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
