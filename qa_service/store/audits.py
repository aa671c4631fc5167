"""What was done to each article's text: its edits, which repair any slice of it, and the account for its audit."""

from __future__ import annotations

import json
import zlib
from typing import Any

from qa_service.audit import Audit, Change, Edit, Omission
from qa_service.errors import Damaged
from qa_service.store.catalog import Connection, WriteTransaction

_LEVEL = 1
"""Deflate's fastest level: changes are many and alike."""


def insert(tx: WriteTransaction, article: int, edits: tuple[Edit, ...], audit: Audit) -> None:
    """Write an article's edits and audit."""
    account = {
        "notes": audit.notes,
        "changes": [[c.kind, c.start, c.end, c.after, c.reason] for c in audit.changes],
        "omitted": [[o.start, o.end, o.reason] for o in audit.omitted],
    }
    packed = _packed([[edit.start, edit.end, edit.text] for edit in edits]), _packed(account)
    tx.connection.execute("INSERT INTO audits VALUES (?, ?, ?, ?)", (article, *packed, _crc(*packed)))


def edits(connection: Connection, article: int) -> tuple[Edit, ...]:
    """Read the edits that repair an article's text.

    Errors:
        Damaged: they fail their checksum.
    """
    return tuple(Edit(start, end, text) for start, end, text in _unpacked(_row(connection, article)[0]))


def audit(connection: Connection, article: int, text: str) -> Audit:
    """Read an article's audit; `text` is its original text.

    Errors:
        Damaged: it fails its checksum.
    """
    account = _unpacked(_row(connection, article)[1])
    return Audit(
        tuple(account["notes"]),
        tuple(Change(kind, a, b, text[a:b], after, reason) for kind, a, b, after, reason in account["changes"]),
        tuple(Omission(a, b, reason) for a, b, reason in account["omitted"]),
    )


def _row(connection: Connection, article: int) -> tuple[bytes, bytes]:
    found = connection.execute("SELECT edits, account, crc FROM audits WHERE article = ?", (article,)).fetchone()
    if found is None or _crc(found[0], found[1]) != found[2]:
        raise Damaged(
            "an article's audit is missing or fails its checksum",
            field=f"catalog.sqlite3, audits of article row {article}",
            remedy="run `qa-service check`, then `qa-service rebuild`",
        )
    return found[0], found[1]


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"), _LEVEL)


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))


def _crc(edits: bytes, account: bytes) -> int:
    return zlib.crc32(account, zlib.crc32(edits))
