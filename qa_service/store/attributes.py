"""Articles' attributes as filters and freshness need them: by row, apart from the texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qa_service.store.catalog import Connection
from qa_service.store.listed import parts

Field = Literal["id", "title", "url", "published_at"]
Rows = NDArray[np.int64]


def rows(connection: Connection, collection: int, after: int, seq: int) -> Rows:
    """List, in order, the rows of a collection's articles that come after a row.

    Without a row to come after (0), those that were deleted before or at `seq` are left out; else all are given, which
    takes a look at new rows only.
    """
    if after:
        # By row: the planner would rather go through the whole collection by an index.
        found = connection.execute(
            "SELECT row FROM articles NOT INDEXED WHERE row > ? AND collection = ?", (after, collection)
        )
    else:
        found = connection.execute(
            "SELECT row FROM articles WHERE collection = ? AND deleted_seq IS NULL"
            " UNION ALL SELECT row FROM articles WHERE collection = ? AND deleted_seq > ?",
            (collection, collection, seq),
        )
    return np.sort(np.fromiter((row for (row,) in found), dtype=np.int64))


def live_rows(connection: Connection, collection: int) -> Rows:
    """List the rows of a collection's live articles."""
    found = connection.execute("SELECT row FROM articles WHERE collection = ? AND deleted_seq IS NULL", (collection,))
    return np.fromiter((row for (row,) in found), dtype=np.int64)


def last_row(connection: Connection) -> int:
    """Give the highest row of any article."""
    return int(connection.execute("SELECT coalesce(max(row), 0) FROM articles").fetchone()[0])


def passages(connection: Connection, first: int, last: int) -> tuple[Rows, Rows]:
    """List the passages of the articles from one row to another: keys and their articles' rows."""
    found = connection.execute("SELECT key, article FROM passages WHERE article BETWEEN ? AND ?", (first, last))
    pairs = np.array(found.fetchall(), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def values(
    connection: Connection, article_rows: Sequence[int], field: Field | None
) -> Iterator[tuple[int, str | None, Mapping[str, object]]]:
    """Read a field of articles and, where they have none, or without a field, their metadata.

    Returns:
        (row, the field's value, metadata), in no order; rows that are gone are missing.
    """
    own = field or "NULL"
    wanted = f"CASE WHEN coalesce({own}, '') = '' AND metadata <> '{{}}' THEN metadata END"
    for marks, chunk in parts(article_rows):
        found = connection.execute(f"SELECT row, {own}, {wanted} FROM articles WHERE row IN ({marks})", chunk)
        for row, value, metadata in found:
            yield row, value, json.loads(metadata) if metadata else {}


def documents(
    connection: Connection, article_rows: Sequence[int], fields: Sequence[Field], metadata: bool
) -> Iterator[tuple[int, tuple[str | None, ...], Mapping[str, object]]]:
    """Read fields and metadata of articles; where `metadata` is false, only those of articles that lack a field.

    Returns:
        (row, the fields' values, metadata), in no order; rows that are gone are missing.
    """
    lacking = " OR ".join(f"coalesce({field}, '') = ''" for field in fields) or "FALSE"
    needed = "TRUE" if metadata else f"({lacking})"
    wanted = ", ".join(["row", *fields, f"CASE WHEN {needed} AND metadata <> '{{}}' THEN metadata END"])
    for marks, chunk in parts(article_rows):
        for row, *own, text in connection.execute(f"SELECT {wanted} FROM articles WHERE row IN ({marks})", chunk):
            yield row, tuple(own), json.loads(text) if text else {}


def published(connection: Connection, article_rows: Sequence[int]) -> dict[int, str]:
    """Read when articles were published, by row; those without a date are missing."""
    dated: dict[int, str] = {}
    for marks, chunk in parts(article_rows):
        dated.update(
            connection.execute(
                f"SELECT row, published_at FROM articles WHERE row IN ({marks}) AND published_at IS NOT NULL", chunk
            )
        )
    return dated
