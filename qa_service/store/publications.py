"""What an index outside the data directory shows of each collection, as the catalogue records it."""

from __future__ import annotations

import secrets
from collections.abc import Container

from qa_service.store import facts
from qa_service.store.catalog import Connection, WriteTransaction

_BUILD = "build of {}"


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
    """Note that nothing is left of what was published, or begun, of a collection."""
    tx.connection.execute("DELETE FROM publications WHERE collection = ?", (collection,))
    facts.remove(tx, _BUILD.format(collection))


def last_build(connection: Connection, collection: int) -> int:
    """Give the number of the last build of a collection that was begun, 0 before the first."""
    return int(facts.read(connection, _BUILD.format(collection)) or 0)


def begin_build(tx: WriteTransaction, collection: int, at_least: int) -> int:
    """Give a build a number that none before it had; whoever has an earlier one must not publish it any more."""
    number = max(last_build(tx.connection, collection) + 1, at_least)
    facts.put(tx, _BUILD.format(collection), str(number))
    return number


def forget_all(tx: WriteTransaction) -> None:
    """Take all publications back, so that all is published anew."""
    tx.connection.execute("DELETE FROM publications WHERE TRUE")
    tx.connection.execute("DELETE FROM meta WHERE key LIKE ?", (_BUILD.format("%"),))


def unknown(connection: Connection, rows: Container[int]) -> list[int]:
    """List the collections, other than those of these rows, of which something was published or begun."""
    begun = connection.execute("SELECT key FROM meta WHERE key LIKE ?", (_BUILD.format("%"),))
    found = {*stamps(connection), *(int(key.removeprefix(_BUILD.format(""))) for (key,) in begun)}
    return [row for row in sorted(found) if row not in rows]
