"""Passages as the indexes see them: a key, words, and where the vectors lie. What is all furniture is in no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.store.catalog import Connection
from qa_service.store.listed import parts
from qa_service.store.packing import unpack_spans
from qa_service.store.segments import Block
from qa_service.types import Span

_ADDED = (
    "FROM passages WHERE collection = ? AND seq > ? AND seq <= ? AND (deleted_seq IS NULL OR deleted_seq > ?)"
    " AND vectors > 0"
)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index needs of a passage."""

    key: int
    terms: bytes
    block: Block


@dataclass(frozen=True, slots=True)
class Searched:
    """A searched passage with its place in its article, the row of that, and what of it is furniture."""

    key: int
    article: int
    start: int
    end: int
    omitted: tuple[Span, ...]
    block: Block


def searched(connection: Connection, keys: Sequence[int]) -> Iterator[Searched]:
    """Read searched passages by key, whatever their state, in key order; erased ones are missing."""
    for marks, chunk in parts(sorted(keys)):
        rows = connection.execute(
            'SELECT key, article, start, "end", omitted, segment, slot, vectors, vectors_crc FROM passages'
            f" WHERE key IN ({marks}) AND vectors > 0 ORDER BY key",
            chunk,
        )
        for key, article, start, end, omitted, *place in rows:
            yield Searched(key, article, start, end, unpack_spans(omitted), Block(*place))


def live(connection: Connection, collection: int, after: int, up_to: int) -> Iterator[IndexEntry]:
    """Read, in key order, passages written in (after, up_to] and live at `up_to`.

    Only their keys are sorted: rows of a million passages would be sorted in a temporary file.
    """
    yield from by_key(connection, added(connection, collection, after, up_to))


def by_key(connection: Connection, keys: Sequence[int]) -> Iterator[IndexEntry]:
    """Read passages by key, whatever their state, in key order; erased ones are missing."""
    for marks, chunk in parts(sorted(keys)):
        rows = connection.execute(
            f"SELECT key, terms, segment, slot, vectors, vectors_crc FROM passages WHERE key IN ({marks}) ORDER BY key",
            chunk,
        )
        for key, terms, *place in rows:
            yield IndexEntry(key, terms, Block(*place))


def of_article(connection: Connection, article: int) -> Iterator[IndexEntry]:
    """Read an article's passages as the indexes see them, in order."""
    rows = connection.execute(
        "SELECT key, terms, segment, slot, vectors, vectors_crc FROM passages WHERE article = ? AND vectors > 0"
        " ORDER BY start",
        (article,),
    )
    for key, terms, *place in rows:
        yield IndexEntry(key, terms, Block(*place))


def added(connection: Connection, collection: int, after: int, up_to: int) -> list[int]:
    """List the keys written in (after, up_to] and live at `up_to`, in order."""
    rows = connection.execute(f"SELECT key {_ADDED} ORDER BY key", (collection, after, up_to, up_to))
    return [key for (key,) in rows]


def added_in_turn(connection: Connection, collection: int, after: int, up_to: int) -> list[tuple[int, int]]:
    """List what `added` does as (the write's sequence number, key), in that order."""
    rows = connection.execute(f"SELECT seq, key {_ADDED} ORDER BY seq, key", (collection, after, up_to, up_to))
    return rows.fetchall()


def tombstones(connection: Connection, collection: int, base: int, up_to: int) -> list[int]:
    """List the keys written at or before `base` whose life ended in (base, up_to], in order."""
    rows = connection.execute(
        "SELECT key FROM passages WHERE collection = ? AND seq <= ? AND deleted_seq > ? AND deleted_seq <= ?"
        " ORDER BY key",
        (collection, base, base, up_to),
    )
    return [key for (key,) in rows]


def gone(connection: Connection, collection: int, after: int, up_to: int) -> list[int]:
    """List the keys of searched passages whose life ended in (after, up_to], in order."""
    rows = connection.execute(
        "SELECT key FROM passages WHERE collection = ? AND deleted_seq > ? AND deleted_seq <= ? AND vectors > 0"
        " ORDER BY key",
        (collection, after, up_to),
    )
    return [key for (key,) in rows]


def sizes(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """Count the sentences of passages by key; erased ones are missing."""
    found: dict[int, int] = {}
    for marks, chunk in parts(keys):
        found.update(
            connection.execute(f"SELECT key, vectors - 1 FROM passages WHERE key IN ({marks})", chunk).fetchall()
        )
    return found


def totals(connection: Connection, collection: int, up_to: int) -> tuple[int, int]:
    """Count the searched passages live at a sequence number, and their sentences."""
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(vectors - 1), 0) {_ADDED}", (collection, -1, up_to, up_to)
    ).fetchone()
    return int(row[0]), int(row[1])


def among(connection: Connection, collection: int, keys: Sequence[int]) -> set[int]:
    """Tell which of some keys are those of live passages of a collection."""
    found: set[int] = set()
    for marks, chunk in parts(keys):
        rows = connection.execute(
            f"SELECT key FROM passages WHERE key IN ({marks}) AND collection = ? AND deleted_seq IS NULL",
            (*chunk, collection),
        )
        found.update(key for (key,) in rows)
    return found


def last_key(connection: Connection) -> int:
    """Give the highest key of any passage, 0 without any."""
    return int(connection.execute("SELECT coalesce(max(key), 0) FROM passages").fetchone()[0])


def next_live(connection: Connection, collection: int, key: int, up_to: int) -> int | None:
    """Find the first live searched passage, written up to a sequence number, at or after a key."""
    row = connection.execute(
        "SELECT key FROM passages WHERE key >= ? AND collection = ? AND seq <= ?"
        " AND (deleted_seq IS NULL OR deleted_seq > ?) AND vectors > 0 ORDER BY key LIMIT 1",
        (key, collection, up_to, up_to),
    ).fetchone()
    return int(row[0]) if row else None
