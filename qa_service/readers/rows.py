"""One row of JSONL, JSON or CSV as a submission, or the reason why it cannot be one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from qa_service.types import Submission

BODIES = ("text", "html", "content_base64")
FIELDS = ("id", "title", *BODIES, "content_type", "url", "published_at", "metadata")


class RowError(ValueError):
    """A row that is no article; the message says which field is wrong and how."""


def submission_from_row(row: object, place: str) -> Submission:
    """Read one row.

    Parameters:
        row: a JSON object with one of `text`, `html` or `content_base64` (which needs `content_type`), and
            optionally `id`, `title`, `url`, `published_at` and `metadata`. Other fields join the metadata. `html` may
            be bytes, whose encoding is found out.
        place: where the row stands, as `file:line`; it leads the reason of a rejection.

    Returns:
        The article, or a submission whose `rejection` says what is wrong with the row.
    """
    try:
        if not isinstance(row, Mapping):
            raise RowError("a row must be a JSON object")
        content, content_type, charset = _body(row)
        return Submission(
            content,
            id=_id(row),
            content_type=content_type,
            charset=charset,
            title=_string(row, "title"),
            url=_string(row, "url"),
            published_at=_string(row, "published_at"),
            metadata=_metadata(row),
        )
    except RowError as error:
        return rejected_row(row, place, str(error))


def rejected_row(row: object, place: str, reason: str) -> Submission:
    """Refuse a row, keeping its id when it has a usable one."""
    try:
        article_id = _id(row) if isinstance(row, Mapping) else None
    except RowError:
        article_id = None
    return Submission(b"", id=article_id, rejection=f"{place}: {reason}")


def _body(row: Mapping[str, object]) -> tuple[bytes, str, str | None]:
    given = [name for name in BODIES if row.get(name) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none of them"
        raise RowError(f"needs exactly one of text, html, content_base64; has {found}")
    name = given[0]
    page = row[name]
    if name == "html" and isinstance(page, bytes):
        return page, "text/html", None
    value = _string(row, name) or ""
    content_type = _string(row, "content_type")
    if name == "content_base64":
        if content_type is None:
            raise RowError("content_type: is needed with content_base64")
        try:
            return base64.b64decode(value, validate=True), content_type, None
        except (binascii.Error, ValueError) as error:
            raise RowError(f"content_base64: is not base64 ({error})") from error
    return value.encode("utf-8"), "text/html" if name == "html" else "text/plain", "utf-8"


def _id(row: Mapping[str, object]) -> str | None:
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(row, "id")


def _string(row: Mapping[str, object], name: str) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RowError(f"{name}: must be a string, not {_kind(value)}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowError(f"{name}: holds half a surrogate pair or an undecodable byte at {error.start}") from error
    return value


def _metadata(row: Mapping[str, object]) -> dict[str, object]:
    given = row.get("metadata")
    if given is not None and not isinstance(given, Mapping):
        raise RowError(f"metadata: must be an object, not {_kind(given)}")
    others = {name: value for name, value in row.items() if name not in FIELDS and value is not None}
    return {**others, **(given or {})}


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    names |= {bytes: "bytes that are no UTF-8"}
    return names.get(type(value), "a string" if isinstance(value, str) else type(value).__name__)
