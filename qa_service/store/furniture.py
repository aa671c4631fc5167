"""What page furniture is learnt from, which articles have which units of text, and what was learnt."""

from __future__ import annotations

from collections.abc import Iterable

from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.packing import Units, unpack_units

_CHUNK = 500


def add(tx: WriteTransaction, collection: int, article: int, prints: Iterable[int]) -> None:
    """Count a new article's distinct prints."""
    tx.connection.executemany(
        "INSERT OR IGNORE INTO lines VALUES (?, ?, ?)", ((collection, number, article) for number in sorted(prints))
    )


def remove(tx: WriteTransaction, article: int) -> None:
    """Stop counting an article."""
    tx.connection.execute("DELETE FROM lines WHERE article = ?", (article,))


def holders(connection: Connection, collection: int, prints: Iterable[int]) -> set[int]:
    """Find the live articles that have any of the prints, by row."""
    rows: set[int] = set()
    for number in prints:
        found = connection.execute("SELECT article FROM lines WHERE collection = ? AND print = ?", (collection, number))
        rows.update(row for (row,) in found)
    return rows


def sample(connection: Connection, collection: int, number: int, limit: int) -> list[tuple[int, str]]:
    """Give (row, site) of live articles that have a print, a selection that does not depend on when they came."""
    return connection.execute(
        "SELECT a.row, a.site FROM lines l JOIN articles a ON a.row = l.article"
        " WHERE l.collection = ? AND l.print = ? ORDER BY a.sha256, a.id LIMIT ?",
        (collection, number, limit),
    ).fetchall()


def site_size(connection: Connection, collection: int, site: str) -> int:
    """Count the live articles of a site."""
    (count,) = connection.execute(
        "SELECT count(*) FROM articles WHERE collection = ? AND site = ? AND deleted_seq IS NULL", (collection, site)
    ).fetchone()
    return int(count)


def held_often(connection: Connection, collection: int, least: int) -> list[int]:
    """Give the prints that at least so many live articles have."""
    rows = connection.execute(
        "SELECT print FROM lines WHERE collection = ? GROUP BY print HAVING count(*) >= ?", (collection, least)
    )
    return [number for (number,) in rows]


def count_holders(
    connection: Connection, collection: int, prints: Iterable[int], up_to: int | None = None
) -> dict[int, int]:
    """Count the live articles that have each print, up to a number."""
    count = "SELECT count(*) FROM (SELECT 1 FROM lines WHERE collection = ? AND print = ? LIMIT ?)"
    limit = -1 if up_to is None else up_to
    return {number: int(connection.execute(count, (collection, number, limit)).fetchone()[0]) for number in prints}


def units(connection: Connection, article: int) -> list[Units]:
    """Read what is known of an article's units, a passage after the other."""
    rows = connection.execute("SELECT units FROM passages WHERE article = ? ORDER BY start", (article,))
    return [unpack_units(blob) for (blob,) in rows]


def learnt(connection: Connection, collection: int) -> set[int]:
    """Read everything the collection has learnt to be furniture."""
    return {
        number for (number,) in connection.execute("SELECT print FROM furniture WHERE collection = ?", (collection,))
    }


def among(connection: Connection, collection: int, prints: Iterable[int]) -> set[int]:
    """Tell which of the prints the collection has learnt to be furniture."""
    wanted = list(prints)
    found: set[int] = set()
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = connection.execute(
            f"SELECT print FROM furniture WHERE collection = ? AND print IN ({','.join('?' * len(chunk))})",
            (collection, *chunk),
        )
        found.update(number for (number,) in rows)
    return found


def change(tx: WriteTransaction, collection: int, learnt: Iterable[int], forgotten: Iterable[int]) -> None:
    """Add to what was learnt, and take away."""
    tx.connection.executemany("INSERT OR IGNORE INTO furniture VALUES (?, ?)", ((collection, n) for n in learnt))
    tx.connection.executemany(
        "DELETE FROM furniture WHERE collection = ? AND print = ?", ((collection, n) for n in forgotten)
    )
