"""Where copies are looked for: which passages have a sentence like one of a given passage's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qa_service.store.catalog import Connection, WriteTransaction

_ROWS_READ = 64
"""Rows read for each passage that is given at most: about as many as the bands of a long passage."""


def add(tx: WriteTransaction, collection: int, passage: int, bands: Iterable[int]) -> None:
    """Write the bands of a new passage's sentences."""
    rows = ((collection, band, passage) for band in sorted(bands))
    tx.connection.executemany("INSERT INTO bands VALUES (?, ?, ?)", rows)


def remove(tx: WriteTransaction, passages: Iterable[int]) -> None:
    """Take passages out, given by key."""
    tx.connection.executemany("DELETE FROM bands WHERE passage = ?", ((passage,) for passage in passages))


def look_alikes(connection: Connection, collection: int, passage: int, most: int) -> dict[int, int]:
    """Find the passages that share bands with a passage, and how many, whatever their state.

    Parameters:
        most: passages given at most: those that share the most bands, then the oldest. Of bands that very many
            passages have, only so much is read as this number needs.

    Returns:
        Bands shared by passage key, without the passage itself.
    """
    # CROSS JOIN keeps SQLite from going through all bands of the collection instead of those of the passage.
    rows = connection.execute(
        "SELECT other, count(*) AS shared FROM (SELECT o.passage AS other FROM bands b CROSS JOIN bands o"
        " ON o.collection = ? AND o.band = b.band AND o.passage <> b.passage WHERE b.passage = ? LIMIT ?)"
        " GROUP BY other ORDER BY shared DESC, other LIMIT ?",
        (collection, passage, most * _ROWS_READ, most),
    )
    return dict(rows.fetchall())


def holders(connection: Connection, collection: int, prints: Sequence[int], most: int) -> list[int]:
    """Find passages of live articles that have a sentence with one of the prints: for sentences too short for bands.

    Parameters:
        most: articles looked at for one print, and passages given, in key order.

    Returns:
        Keys of all passages of those articles.
    """
    rows: set[int] = set()
    for number in prints:
        found = connection.execute(
            "SELECT article FROM lines WHERE collection = ? AND print = ? LIMIT ?", (collection, number, most)
        )
        rows.update(row for (row,) in found)
    keys = [
        key
        for row in sorted(rows)[:most]
        for (key,) in connection.execute("SELECT key FROM passages WHERE article = ? AND vectors > 0", (row,))
    ]
    return sorted(keys)[:most]
