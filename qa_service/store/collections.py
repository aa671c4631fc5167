"""Collections: named sets of articles, each with counters that BM25 and the API need."""

from __future__ import annotations

from dataclasses import dataclass

from qa_service.errors import NotFound
from qa_service.names import check_collection
from qa_service.store import furniture
from qa_service.store.catalog import Connection, WriteTransaction


@dataclass(frozen=True, slots=True)
class Collection:
    """A live collection. `seq` is its last write; `words` the total word count of its live passages."""

    row: int
    name: str
    created_at: str
    seq: int
    articles: int
    passages: int
    words: int


_COLUMNS = "row, name, created_at, seq, articles, passages, words"


def find(connection: Connection, name: str) -> Collection | None:
    """Look a live collection up by name."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM collections WHERE name = ?", (name,)).fetchone()
    return Collection(*row) if row else None


def get(connection: Connection, name: str) -> Collection:
    """Look a live collection up by name.

    Errors:
        BadInput: the name is malformed. NotFound: there is none.
    """
    collection = find(connection, check_collection(name))
    if collection is None:
        raise no_collection(name)
    return collection


def no_collection(name: str) -> NotFound:
    """Make the error of a collection that is not there, or that the asker is not to know of."""
    return NotFound(
        f"there is no collection {name!r}", field="collection", remedy="ingest an article into it or create it first"
    )


def every(connection: Connection) -> list[Collection]:
    """List the live collections by name."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM collections ORDER BY name")
    return [Collection(*row) for row in rows]


def passages_of(connection: Connection, collection: int) -> int:
    """Count the searched passages of a collection, given by row; 0 when it is gone."""
    row = connection.execute("SELECT passages FROM collections WHERE row = ?", (collection,)).fetchone()
    return int(row[0]) if row else 0


def make(tx: WriteTransaction, name: str, now: str) -> Collection:
    """Create a collection that does not exist yet."""
    tx.connection.execute("INSERT INTO collections (name, created_at, seq) VALUES (?, ?, ?)", (name, now, tx.seq))
    return get(tx.connection, name)


def date(tx: WriteTransaction, collection: int, created_at: str) -> None:
    """Set when a collection was made."""
    tx.connection.execute("UPDATE collections SET created_at = ? WHERE row = ?", (created_at, collection))


def adjust(tx: WriteTransaction, collection: int, articles: int, passages: int, words: int) -> None:
    """Add to a collection's counters and stamp it with the transaction's sequence."""
    tx.connection.execute(
        "UPDATE collections SET seq = ?, articles = articles + ?, passages = passages + ?, words = words + ?"
        " WHERE row = ?",
        (tx.seq, articles, passages, words, collection),
    )


def erase(tx: WriteTransaction, collection: int) -> None:
    """Remove a collection with every row of it. Its row number is never used again."""
    connection = tx.connection
    for table in ("contents", "audits"):
        connection.execute(
            f"DELETE FROM {table} WHERE article IN (SELECT row FROM articles WHERE collection = ?)", (collection,)
        )
    for table in ("articles", "passages", "terms", "lines", "furniture", "bands"):
        connection.execute(f"DELETE FROM {table} WHERE collection = ?", (collection,))
    furniture.finish(tx, collection)
    connection.execute("DELETE FROM collections WHERE row = ?", (collection,))
