"""Article rows: what was given, byte for byte, and the original text decoded from it."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa_service.audit import Audit, Edit
from qa_service.errors import Damaged, NotFound
from qa_service.store import audits, soundness
from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.listed import parts
from qa_service.types import ArticleSummary, Submission

_SHOWN = "id, sha256, title, url, published_at, metadata"


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """What is written of one article; `text` is its original text, `edits` repair it."""

    id: str
    submission: Submission
    site: str
    sha256: bytes
    attributes: bytes
    encoding: str
    text: str
    pipeline: str
    edits: tuple[Edit, ...]
    audit: Audit


@dataclass(frozen=True, slots=True)
class ArticleHead:
    """The parts of a live article's row that decide whether it must be processed again."""

    row: int
    sha256: bytes
    attributes: bytes
    pipeline: str
    passages: int


@dataclass(frozen=True, slots=True)
class ArticleLabel:
    """What is shown of an article beside a passage of it."""

    id: str
    sha256: bytes
    title: str | None
    url: str | None
    published_at: str | None
    metadata: Mapping[str, object]


def attributes_hash(submission: Submission) -> bytes:
    """Hash everything of a submission but its content, so that a changed title alone counts as an update."""
    parts = [
        submission.content_type,
        submission.charset,
        submission.title,
        submission.url,
        submission.published_at,
        submission.metadata,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True, default=dict).encode()).digest()


def find_head(connection: Connection, collection: int, article_id: str) -> ArticleHead | None:
    """Look a live article up by its id."""
    row = connection.execute(
        "SELECT row, sha256, attributes, pipeline, passages FROM articles"
        " WHERE collection = ? AND id = ? AND deleted_seq IS NULL",
        (collection, article_id),
    ).fetchone()
    return ArticleHead(*row) if row else None


def insert(tx: WriteTransaction, collection: int, record: ArticleRecord, passages: int, now: str) -> int:
    """Write a new live article; return its row."""
    given = record.submission
    text = record.text.encode("utf-8")
    metadata = json.dumps(dict(given.metadata), ensure_ascii=False)
    rows = tx.connection.numbered(
        "INSERT INTO articles (collection, id, seq, pipeline, sha256, attributes, content_type, charset, encoding,"
        " title, url, published_at, site, metadata, characters, passages, ingested_at, shown_crc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING row",
        [
            (
                *(collection, record.id, tx.seq, record.pipeline, record.sha256, record.attributes),
                *(given.content_type, given.charset, record.encoding, given.title, given.url, given.published_at),
                *(record.site, metadata, len(record.text), passages, now),
                soundness.shown_crc(record.id, record.sha256, given.title, given.url, given.published_at, metadata),
            )
        ],
    )
    row = rows[0]
    same = text == given.content
    tx.connection.execute(
        "INSERT INTO contents VALUES (?, ?, ?, ?)", (row, given.content, None if same else text, zlib.crc32(text))
    )
    audits.insert(tx, row, record.edits, record.audit)
    return row


def ingested_at(connection: Connection, row: int) -> str:
    """Read when an article came in."""
    return str(connection.execute("SELECT ingested_at FROM articles WHERE row = ?", (row,)).fetchone()[0])


def mark_deleted(tx: WriteTransaction, row: int) -> None:
    """End an article's life at this transaction's sequence."""
    tx.connection.execute("UPDATE articles SET deleted_seq = ? WHERE row = ?", (tx.seq, row))


def labels(connection: Connection, rows: list[int]) -> dict[int, ArticleLabel]:
    """Read what is shown of articles, by row.

    Errors:
        Damaged: a row does not match its checksum.
    """
    labels = {}
    for marks, part in parts(rows):
        found = connection.execute(f"SELECT row, shown_crc, {_SHOWN} FROM articles WHERE row IN ({marks})", part)
        for row, crc, *shown in found:
            soundness.check_shown(crc, *shown)
            article_id, sha256, title, url, published_at, metadata = shown
            labels[row] = ArticleLabel(article_id, sha256, title, url, published_at, json.loads(metadata))
    return labels


def original_text(connection: Connection, row: int) -> str:
    """Read an article's original text.

    Errors:
        NotFound: its row is gone. Damaged: its bytes do not match their checksum.
    """
    found = connection.execute(
        "SELECT coalesce(text, content), text_crc FROM contents WHERE article = ?", (row,)
    ).fetchone()
    if found is None:
        raise NotFound("the article is gone", field="id")
    data, crc = found
    if zlib.crc32(data) != crc:
        raise Damaged(
            "an article's text fails its checksum",
            field=f"catalog.sqlite3, contents of article row {row}",
            remedy="restore the data directory from a backup",
        )
    return str(data, "utf-8")


def content_is_whole(connection: Connection, row: int) -> bool:
    """Tell whether an article's bytes are those that were given."""
    found = connection.execute(
        "SELECT c.content, a.sha256 FROM contents c JOIN articles a ON a.row = c.article WHERE c.article = ?", (row,)
    ).fetchone()
    return found is not None and hashlib.sha256(found[0]).digest() == found[1]


def sites(connection: Connection, rows: list[int]) -> dict[int, str]:
    """Read the sites that articles come from, by row; "" where it is not known."""
    found: dict[int, str] = {}
    for marks, chunk in parts(rows):
        found.update(connection.execute(f"SELECT row, site FROM articles WHERE row IN ({marks})", chunk).fetchall())
    return found


def sites_of_ids(connection: Connection, collection: int, article_ids: Sequence[str]) -> dict[str, str]:
    """Read the sites that live articles come from, by id."""
    found = ((article_id, find_head(connection, collection, article_id)) for article_id in article_ids)
    rows = {head.row: article_id for article_id, head in found if head is not None}
    return {rows[row]: site for row, site in sites(connection, list(rows)).items()}


def content(connection: Connection, row: int) -> tuple[Submission, bytes, str] | None:
    """Read a live article back as a submission, with the hash of the attributes it was given and its pipeline.

    Returns:
        None when it is gone.

    Errors:
        Damaged: its bytes or its row do not match their checksums.
    """
    found = connection.execute(
        "SELECT c.content, a.id, a.content_type, a.charset, a.title, a.url, a.published_at, a.metadata, a.attributes,"
        " a.pipeline, a.sha256, a.shown_crc"
        " FROM articles a JOIN contents c ON c.article = a.row WHERE a.row = ? AND a.deleted_seq IS NULL",
        (row,),
    ).fetchone()
    if found is None:
        return None
    data, article_id, content_type, charset, title, url, published_at, metadata, attributes, pipeline = found[:-2]
    sha256, crc = found[-2:]
    soundness.check_shown(crc, article_id, sha256, title, url, published_at, metadata)
    soundness.check_content(article_id, data, sha256)
    given = Submission(data, article_id, content_type, charset, title, url, published_at, json.loads(metadata))
    return given, attributes, pipeline


_SUMMARY = f"shown_crc, {_SHOWN}, content_type, encoding, characters, passages, ingested_at"


def _summary(row: Sequence[Any]) -> ArticleSummary:
    crc, article_id, sha256, title, url, published_at, metadata, *rest = row
    soundness.check_shown(crc, article_id, sha256, title, url, published_at, metadata)
    return ArticleSummary(article_id, title, url, published_at, json.loads(metadata), sha256.hex(), *rest)


def summary(connection: Connection, row: int) -> ArticleSummary:
    """Describe one article by its row.

    Errors:
        Damaged: the row does not match its checksum.
    """
    return _summary(connection.execute(f"SELECT {_SUMMARY} FROM articles WHERE row = ?", (row,)).fetchone())


def page(connection: Connection, collection: int, after: str | None, limit: int) -> list[ArticleSummary]:
    """List live articles in id order, those after the id `after`.

    Errors:
        Damaged: a row does not match its checksum.
    """
    rows = connection.execute(
        f"SELECT {_SUMMARY} FROM articles WHERE collection = ? AND deleted_seq IS NULL AND id > ? ORDER BY id LIMIT ?",
        (collection, after or "", limit),
    )
    return [_summary(row) for row in rows]


def live_ids(connection: Connection, collection: int) -> list[str]:
    """List the ids of a collection's live articles, in order."""
    rows = connection.execute(
        "SELECT id FROM articles WHERE collection = ? AND deleted_seq IS NULL ORDER BY id", (collection,)
    )
    return [article_id for (article_id,) in rows]


def as_given(connection: Connection, collection: int) -> Iterator[tuple[str, bytes, bytes, str]]:
    """Go through live articles: the id, the hashes of content and attributes, and the pipeline of each."""
    yield from connection.execute(
        "SELECT id, sha256, attributes, pipeline FROM articles WHERE collection = ? AND deleted_seq IS NULL",
        (collection,),
    )


def live(connection: Connection, collection: int) -> list[tuple[int, str]]:
    """List a collection's live articles as (row, id), oldest first."""
    return connection.execute(
        "SELECT row, id FROM articles WHERE collection = ? AND deleted_seq IS NULL ORDER BY row", (collection,)
    ).fetchall()


def outdated(connection: Connection, collection: int, pipeline: str) -> list[int]:
    """List the rows of live articles that another pipeline processed."""
    rows = connection.execute(
        "SELECT row FROM articles WHERE collection = ? AND deleted_seq IS NULL AND pipeline <> ? ORDER BY row",
        (collection, pipeline),
    )
    return [row for (row,) in rows]


def has_other_pipeline(connection: Connection, pipeline: str) -> bool:
    """Tell whether live articles of any collection were processed by another pipeline; see also `mark_outdated`."""
    found = connection.execute(
        "SELECT 1 FROM articles WHERE deleted_seq IS NULL AND pipeline NOT IN ('', ?) LIMIT 1", (pipeline,)
    ).fetchone()
    return found is not None


def mark_outdated(tx: WriteTransaction, row: int) -> None:
    """Have an article processed again by the next rebuild."""
    tx.connection.execute("UPDATE articles SET pipeline = '' WHERE row = ?", (row,))


def erase_deleted(tx: WriteTransaction, collection: int, up_to: int) -> None:
    """Remove articles whose life ended at or before a sequence number."""
    doomed = "SELECT row FROM articles WHERE collection = ? AND deleted_seq <= ?"
    for table in ("contents", "audits"):
        tx.connection.execute(f"DELETE FROM {table} WHERE article IN ({doomed})", (collection, up_to))
    tx.connection.execute("DELETE FROM articles WHERE collection = ? AND deleted_seq <= ?", (collection, up_to))
