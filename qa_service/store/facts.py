"""Single facts of a catalogue, by name, in its table `meta`."""

from __future__ import annotations

from qa_service.store.catalog import Connection, WriteTransaction


def read(connection: Connection, name: str) -> str | None:
    """Read a fact; None if it was not put there."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def put(tx: WriteTransaction, name: str, value: str) -> None:
    """Put a fact there, in place of what it was."""
    tx.connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (name, value)
    )


def remove(tx: WriteTransaction, name: str) -> None:
    """Remove a fact, if it is there."""
    tx.connection.execute("DELETE FROM meta WHERE key = ?", (name,))
