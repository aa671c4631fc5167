"""Whether rows of the catalogue still say what was written: the checksums over what SQLite itself has none for.

SQLite vouches neither for the bytes of a row nor for the encoding of a text. A passage needs no checksum of its own:
its id is a hash of its article and of its place in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator

from qa_service.errors import Damaged
from qa_service.store.catalog import Connection

_REMEDY = "ingest the article again, or restore the data directory from a backup"


@contextlib.contextmanager
def text_as_found(connection: sqlite3.Connection) -> Iterator[set[bytes]]:
    """Read text that is not UTF-8 with U+FFFD in it, which its checksums find out; else it would end the reading.

    Returns:
        The texts of that kind, filled as they are read.
    """
    damaged: set[bytes] = set()

    def read(data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            damaged.add(data)
            return data.decode(errors="replace")

    connection.text_factory = read
    try:
        yield damaged
    finally:
        connection.text_factory = str


def read_all_text(connection: Connection) -> None:
    """Read every text of the catalogue, for `text_as_found` to see."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = connection.execute("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'", (table,)).fetchall()
        if columns:
            names = ", ".join(f'"{name}"' for (name,) in columns)
            for _ in connection.execute(f'SELECT {names} FROM "{table}"'):
                pass


def shown_crc(
    article_id: str, sha256: bytes, title: str | None, url: str | None, published_at: str | None, metadata: str
) -> int:
    """Compute the CRC-32 of what is shown of an article beside its text; `metadata` as JSON."""
    parts = [article_id, sha256.hex(), title, url, published_at, metadata]
    return zlib.crc32(json.dumps(parts).encode("ascii"))


def check_shown(
    crc: int | None,
    article_id: str,
    sha256: bytes,
    title: str | None,
    url: str | None,
    published_at: str | None,
    metadata: str,
) -> None:
    """Compare what is shown of an article with its checksum; None is that of an article that was given none.

    Errors:
        Damaged: they differ.
    """
    if crc is not None and shown_crc(article_id, sha256, title, url, published_at, metadata) != crc:
        raise Damaged("an article's title, address, date or metadata fail their checksum", **_of(article_id))


def check_content(article_id: str, content: bytes, sha256: bytes) -> None:
    """Compare an article's bytes with the SHA-256 of what was handed in.

    Errors:
        Damaged: they differ.
    """
    if hashlib.sha256(content).digest() != sha256:
        raise Damaged("an article's bytes fail their checksum", **_of(article_id))


def check_place(collection: str, article_id: str, sha256: bytes, place: tuple[str, int, int]) -> None:
    """Compare a passage's place with its id.

    Parameters:
        place: the passage's id, its start and its end.

    Errors:
        Damaged: the id belongs to another place.
    """
    found, start, end = place
    if passage_id(collection, article_id, sha256, start, end) != found:
        raise Damaged("the place of a passage does not match its id", **_of(article_id))


def passage_id(collection: str, article_id: str, sha256: bytes, start: int, end: int) -> str:
    """Name a passage so that every loader gives the same name: 32 hex digits of a SHA-256 over its place."""
    parts = "\0".join((collection, article_id, sha256.hex(), str(start), str(end)))
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()[:32]


def check_row(connection: Connection, row: int) -> None:
    """Compare what is shown of an article beside its text with its checksum.

    Errors:
        Damaged: they differ.
    """
    crc, *shown = connection.execute(
        "SELECT shown_crc, id, sha256, title, url, published_at, metadata FROM articles WHERE row = ?", (row,)
    ).fetchone()
    check_shown(crc, *shown)


def check_places(connection: Connection, collection: str, row: int) -> None:
    """Compare the places of an article's passages with their ids.

    Errors:
        Damaged: an id belongs to another place.
    """
    article_id, sha256 = connection.execute("SELECT id, sha256 FROM articles WHERE row = ?", (row,)).fetchone()
    for place in connection.execute('SELECT passage_id, start, "end" FROM passages WHERE article = ?', (row,)):
        check_place(collection, article_id, sha256, place)


def _of(article_id: str) -> dict[str, str]:
    return {"field": f"article {article_id[:200]!r}", "remedy": _REMEDY}
