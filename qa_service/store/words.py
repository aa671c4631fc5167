"""Word statistics of a collection: term ids and document frequencies, counted in passages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.listed import parts
from qa_service.store.packing import unpack_terms


def add_documents(tx: WriteTransaction, collection: int, documents: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Count the words of new passages, each given as {word: frequency}; return the ids of all words seen."""
    frequencies: Counter[str] = Counter()
    for document in documents:
        frequencies.update(document.keys())
    ids = {word: term for word, (term, _) in lookup(tx.connection, collection, frequencies).items()}
    tx.connection.executemany(
        "UPDATE terms SET df = df + ? WHERE id = ?", ((frequencies[word], term) for word, term in ids.items())
    )
    # Not by ON CONFLICT, which in PostgreSQL spends a number for every word that is known.
    fresh = sorted(frequencies.keys() - ids.keys())
    numbers = tx.connection.numbered(
        "INSERT INTO terms (collection, term, df) VALUES (?, ?, ?) RETURNING id",
        ((collection, word, frequencies[word]) for word in fresh),
    )
    return {**ids, **dict(zip(fresh, numbers, strict=True))}


def remove_documents(tx: WriteTransaction, blobs: Iterable[bytes]) -> None:
    """Take passages out of the counts, given their packed terms. Words nobody uses keep their id with df 0."""
    frequencies: Counter[int] = Counter()
    for blob in blobs:
        frequencies.update(unpack_terms(blob)[0].tolist())
    tx.connection.executemany(
        "UPDATE terms SET df = df - ? WHERE id = ?", ((count, term) for term, count in sorted(frequencies.items()))
    )


def wrong_frequencies(connection: Connection, collection: int) -> dict[int, int]:
    """Compare the document frequencies with the live passages; return the right ones of the terms that differ."""
    counted = _counted(connection, collection)
    rows = connection.execute("SELECT id, df FROM terms WHERE collection = ?", (collection,))
    stored = dict(rows.fetchall())
    return {term: counted[term] for term in stored.keys() | counted.keys() if stored.get(term, 0) != counted[term]}


def articles_with_unknown(connection: Connection, collection: int) -> set[int]:
    """List, by row, the live articles with a word of which nothing but its number is known."""
    known = {term for (term,) in connection.execute("SELECT id FROM terms WHERE collection = ?", (collection,))}
    rows = connection.execute(
        "SELECT article, terms FROM passages WHERE collection = ? AND deleted_seq IS NULL", (collection,)
    )
    return {article for article, blob in rows if not known.issuperset(unpack_terms(blob)[0].tolist())}


def erase_unused(tx: WriteTransaction, collection: int) -> None:
    """Remove the words that no live passage has."""
    tx.connection.execute("DELETE FROM terms WHERE collection = ? AND df <= 0", (collection,))


def recount(tx: WriteTransaction, collection: int) -> None:
    """Set right the document frequencies that do not match the live passages."""
    wrong = wrong_frequencies(tx.connection, collection)
    tx.connection.executemany("UPDATE terms SET df = ? WHERE id = ?", ((df, term) for term, df in wrong.items()))


def _counted(connection: Connection, collection: int) -> Counter[int]:
    counted: Counter[int] = Counter()
    rows = connection.execute("SELECT terms FROM passages WHERE collection = ? AND deleted_seq IS NULL", (collection,))
    for (blob,) in rows:
        counted.update(unpack_terms(blob)[0].tolist())
    return counted


def lookup(connection: Connection, collection: int, words: Collection[str]) -> dict[str, tuple[int, int]]:
    """Find the (term id, document frequency) of each word that the collection has ever seen."""
    found: dict[str, tuple[int, int]] = {}
    for marks, chunk in parts(words):
        rows = connection.execute(
            f"SELECT term, id, df FROM terms WHERE collection = ? AND term IN ({marks})", (collection, *chunk)
        )
        found.update((term, (term_id, df)) for term, term_id, df in rows)
    return found
