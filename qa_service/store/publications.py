"""What an index outside the data directory shows of each collection, and by what name it knows this catalogue."""

from __future__ import annotations

import secrets
from collections.abc import Container

from qa_service.store.catalog import Connection, WriteTransaction

_IDENTITY = "identity"


def read(connection: Connection, collection: int) -> tuple[str, str] | None:
    """Read the record of a collection's publication, and its stamp; None before the first."""
    row = connection.execute("SELECT record, stamp FROM publications WHERE collection = ?", (collection,)).fetchone()
    return (str(row[0]), str(row[1])) if row else None


def stamps(connection: Connection) -> dict[int, str]:
    """Give the stamps of all publications by their collections' rows."""
    return dict(connection.execute("SELECT collection, stamp FROM publications").fetchall())


def put(tx: WriteTransaction, collection: int, seq: int, record: str) -> str:
    """Publish; return the new stamp."""
    stamp = secrets.token_hex(8)
    tx.connection.execute(
        "INSERT INTO publications VALUES (?, ?, ?, ?) ON CONFLICT (collection)"
        " DO UPDATE SET seq = excluded.seq, stamp = excluded.stamp, record = excluded.record",
        (collection, seq, stamp, record),
    )
    return stamp


def forget(tx: WriteTransaction, collection: int) -> None:
    """Take a publication back."""
    tx.connection.execute("DELETE FROM publications WHERE collection = ?", (collection,))


def unknown(connection: Connection, rows: Container[int]) -> list[int]:
    """List the collections, other than those of these rows, of which something was published."""
    return [row for row in sorted(stamps(connection)) if row not in rows]


def identity(connection: Connection) -> str | None:
    """Read by what name others know this catalogue; None if it has none yet."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_IDENTITY,)).fetchone()
    return str(row[0]) if row else None


def inherited(connection: Connection) -> list[str]:
    """List the names of catalogues that this one has replaced, of which others may still hold something."""
    rows = connection.execute("SELECT value FROM meta WHERE key LIKE 'replaces %' ORDER BY key")
    return [str(name) for (name,) in rows]


def inherit(tx: WriteTransaction, name: str) -> None:
    """Note that this catalogue has replaced another."""
    tx.connection.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO NOTHING", (f"replaces {name}", name))


def disinherit(tx: WriteTransaction, name: str) -> None:
    """Note that nothing is left of a catalogue that was replaced."""
    tx.connection.execute("DELETE FROM meta WHERE key = ?", (f"replaces {name}",))


def name_catalogue(tx: WriteTransaction) -> str:
    """Give the catalogue a name for others, of 12 hex digits, unless it has one."""
    known = identity(tx.connection)
    if known is None:
        known = secrets.token_hex(6)
        tx.connection.execute("INSERT INTO meta VALUES (?, ?)", (_IDENTITY, known))
    return known
