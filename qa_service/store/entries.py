"""Passages as the indexes see them: a key, words, and where the vectors lie. What is all furniture is in no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.store.catalog import Connection
from qa_service.store.listed import parts
from qa_service.store.segments import Block


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index needs of a passage."""

    key: int
    terms: bytes
    block: Block


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
    rows = connection.execute(
        "SELECT key FROM passages"
        " WHERE collection = ? AND seq > ? AND seq <= ? AND (deleted_seq IS NULL OR deleted_seq > ?) AND vectors > 0"
        " ORDER BY key",
        (collection, after, up_to, up_to),
    )
    return [key for (key,) in rows]


def tombstones(connection: Connection, collection: int, base: int, up_to: int) -> list[int]:
    """List the keys written at or before `base` whose life ended in (base, up_to], in order."""
    rows = connection.execute(
        "SELECT key FROM passages WHERE collection = ? AND seq <= ? AND deleted_seq > ? AND deleted_seq <= ?"
        " ORDER BY key",
        (collection, base, base, up_to),
    )
    return [key for (key,) in rows]
