"""Passage rows: immutable places in articles, with their sentences, words and the location of their vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa_service.store import bands
from qa_service.store.candidates import Candidate as Candidate  # noqa: PLC0414 - a part of this module
from qa_service.store.candidates import candidates as candidates  # noqa: PLC0414
from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.listed import parts
from qa_service.store.packing import pack_spans, unpack_spans
from qa_service.store.segments import Block
from qa_service.store.soundness import passage_id as passage_id  # noqa: PLC0414
from qa_service.types import PassageSpans, Span, StoredPassage

_NOTHING = Block(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to be written; `omitted` and `units` are packed, without a block none of it is searched."""

    passage_id: str
    spans: PassageSpans
    omitted: bytes
    units: bytes
    bands: frozenset[int]
    terms: bytes
    words: int
    block_hash: bytes
    block: Block | None


def insert(tx: WriteTransaction, collection: int, article: int, passages: Iterable[NewPassage]) -> None:
    """Write the passages of a new article."""
    insert_all(tx, collection, [(article, passages)])


def insert_all(tx: WriteTransaction, collection: int, of_articles: Iterable[tuple[int, Iterable[NewPassage]]]) -> None:
    """Write the passages of new articles, given by row."""
    given = [(article, new) for article, passages in of_articles for new in passages]
    keys = tx.connection.numbered(
        'INSERT INTO passages (collection, article, seq, passage_id, start, "end", sentences, omitted, units,'
        " terms, words, block_hash, segment, slot, vectors, vectors_crc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        (_row(tx, collection, article, new) for article, new in given),
    )
    bands.add(tx, collection, ((band, key) for key, (_, new) in zip(keys, given, strict=True) for band in new.bands))


def _row(tx: WriteTransaction, collection: int, article: int, new: NewPassage) -> tuple[object, ...]:
    block = new.block or _NOTHING
    return (
        *(collection, article, tx.seq, new.passage_id, new.spans.start, new.spans.end),
        *(pack_spans(new.spans.sentences), new.omitted, new.units, new.terms, new.words, new.block_hash),
        *(block.segment, block.slot, block.vectors, block.crc),
    )


def mark_deleted(tx: WriteTransaction, article: int) -> list[tuple[bytes, int]]:
    """End the life of an article's passages; return the packed terms and word count of each that was searched."""
    gone = tx.connection.execute(
        "SELECT terms, words FROM passages WHERE article = ? AND vectors > 0", (article,)
    ).fetchall()
    tx.connection.execute("UPDATE passages SET deleted_seq = ? WHERE article = ?", (tx.seq, article))
    return gone


def find_blocks(
    connection: Connection, hashes: Sequence[bytes], usable: Callable[[Block], bool] = lambda _: True
) -> dict[bytes, Block]:
    """Find already encoded blocks, live or not yet erased, by the hash of what was encoded.

    Parameters:
        usable: told each place that holds a block by the catalogue; False passes it over.
    """
    found: dict[bytes, Block] = {}
    for marks, chunk in parts(hashes):
        rows = connection.execute(
            f"SELECT block_hash, segment, slot, vectors, vectors_crc FROM passages WHERE block_hash IN ({marks})", chunk
        )
        places = ((block_hash, Block(*place)) for block_hash, *place in rows)
        found.update((block_hash, block) for block_hash, block in places if usable(block))
    return found


def block_hashes(connection: Connection) -> Iterator[bytes]:
    """Go through the hashes of all blocks of vectors, those of what was deleted too; some come more than once."""
    for (block_hash,) in connection.execute("SELECT block_hash FROM passages WHERE block_hash <> ?", (b"",)):
        yield block_hash


def keys_of_articles(connection: Connection, rows: Sequence[int], limit: int) -> list[int]:
    """List the keys of the searched passages of articles, in order of the articles given, at most `limit`."""
    keys: list[int] = []
    for row in rows:
        found = connection.execute(
            "SELECT key FROM passages WHERE article = ? AND vectors > 0 ORDER BY start LIMIT ?",
            (row, limit - len(keys)),
        )
        keys.extend(key for (key,) in found)
    return keys


def find_live(connection: Connection, collection: int, passage_id: str) -> tuple[int, str, bool] | None:
    """Look a live passage up by its id, which reads through the collection.

    Returns:
        Its key, its article's id, and whether it is searched; None if there is none.
    """
    row = connection.execute(
        "SELECT p.key, a.id, p.vectors > 0 FROM passages p JOIN articles a ON a.row = p.article"
        " WHERE p.collection = ? AND p.passage_id = ? AND p.deleted_seq IS NULL",
        (collection, passage_id),
    ).fetchone()
    return (int(row[0]), str(row[1]), bool(row[2])) if row else None


def vectors_by_sentence(connection: Connection, article: int) -> list[tuple[tuple[Span, ...], Block]]:
    """Give the sentences of an article's passages, and where their vectors lie: the window's, then each sentence's."""
    rows = connection.execute(
        "SELECT sentences, segment, slot, vectors, vectors_crc FROM passages WHERE article = ? AND vectors > 0",
        (article,),
    )
    return [(unpack_spans(sentences), Block(*place)) for sentences, *place in rows]


def blocks_of_article(connection: Connection, article: int) -> list[tuple[StoredPassage, bytes, Block]]:
    """List an article's searched passages in order, each with the hash of what was encoded and its vectors' place."""
    rows = connection.execute(
        'SELECT passage_id, start, "end", sentences, omitted, block_hash, segment, slot, vectors, vectors_crc'
        " FROM passages WHERE article = ? AND vectors > 0 ORDER BY start",
        (article,),
    )
    return [
        (StoredPassage(pid, start, end, unpack_spans(sentences), unpack_spans(omitted)), block_hash, Block(*place))
        for pid, start, end, sentences, omitted, block_hash, *place in rows
    ]


def of_article(connection: Connection, article: int) -> tuple[StoredPassage, ...]:
    """List an article's passages in order."""
    rows = connection.execute(
        'SELECT passage_id, start, "end", sentences, omitted FROM passages WHERE article = ? ORDER BY start', (article,)
    )
    return tuple(
        StoredPassage(pid, start, end, unpack_spans(sentences), unpack_spans(omitted))
        for pid, start, end, sentences, omitted in rows
    )


def count_live(connection: Connection, collection: int) -> tuple[int, int]:
    """Count a collection's live passages that are searched, and their words."""
    count, total = connection.execute(
        "SELECT count(*), coalesce(sum(words), 0) FROM passages"
        " WHERE collection = ? AND deleted_seq IS NULL AND vectors > 0",
        (collection,),
    ).fetchone()
    return count, total


def count_articles(connection: Connection, collection: int) -> int:
    """Count a collection's live articles."""
    (count,) = connection.execute(
        "SELECT count(*) FROM articles WHERE collection = ? AND deleted_seq IS NULL", (collection,)
    ).fetchone()
    return int(count)


def keys_of_article(connection: Connection, article: int) -> list[int]:
    """List the keys of an article's passages, in order of place."""
    return [
        key for (key,) in connection.execute("SELECT key FROM passages WHERE article = ? ORDER BY start", (article,))
    ]


def blocks_by_key(connection: Connection, article: int) -> dict[int, tuple[StoredPassage, bytes, Block]]:
    """Give what `blocks_of_article` lists by the passages' keys."""
    keys = connection.execute("SELECT key FROM passages WHERE article = ? AND vectors > 0 ORDER BY start", (article,))
    return {key: block for (key,), block in zip(keys, blocks_of_article(connection, article), strict=True)}


def recount(tx: WriteTransaction, collection: int) -> None:
    """Set a collection's counters to what its live passages and articles amount to."""
    count, total = count_live(tx.connection, collection)
    tx.connection.execute(
        "UPDATE collections SET passages = ?, words = ?, articles = (SELECT count(*) FROM articles"
        " WHERE collection = ? AND deleted_seq IS NULL) WHERE row = ?",
        (count, total, collection, collection),
    )


def count_dead(connection: Connection, collection: int) -> int:
    """Count the passages whose life has ended and whose rows are still there."""
    (count,) = connection.execute(
        "SELECT count(*) FROM passages WHERE collection = ? AND deleted_seq IS NOT NULL", (collection,)
    ).fetchone()
    return int(count)


def forget_block(tx: WriteTransaction, block: Block) -> list[int]:
    """Keep a damaged block from being reused by any passage; return the rows of the articles that refer to it."""
    place = (block.segment, block.slot)
    rows = tx.connection.execute("SELECT DISTINCT article FROM passages WHERE segment = ? AND slot = ?", place)
    found = [row for (row,) in rows]
    tx.connection.execute("UPDATE passages SET block_hash = ? WHERE segment = ? AND slot = ?", (b"", *place))
    return found


def erase_deleted(tx: WriteTransaction, collection: int, up_to: int) -> None:
    """Remove passages whose life ended at or before a sequence number."""
    doomed = (collection, up_to)
    rows = tx.connection.execute("SELECT key FROM passages WHERE collection = ? AND deleted_seq <= ?", doomed)
    bands.remove(tx, [key for (key,) in rows])
    tx.connection.execute("DELETE FROM passages WHERE collection = ? AND deleted_seq <= ?", doomed)
