"""What the attributes of an article may be; every door, HTTP or files, has the same rules."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from qa_service.errors import Rejected
from qa_service.types import Submission

MAX_TITLE_CHARS = 2000
MAX_URL_CHARS = 2048
MAX_METADATA_BYTES = 64 * 1024
MAX_METADATA_DEPTH = 8

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_attributes(submission: Submission) -> None:
    """Refuse an article whose title, address, date or metadata cannot be kept.

    Errors:
        Rejected: names the field, the problem and the remedy.
    """
    if submission.title is not None:
        check_title(submission.title)
    if submission.url is not None:
        check_url(submission.url)
    if submission.published_at is not None:
        check_published_at(submission.published_at)
    check_metadata(submission.metadata)


def check_title(value: str) -> str:
    """Return a title of at most 2,000 code points."""
    _check_text("title", value, MAX_TITLE_CHARS)
    return value


def check_url(value: str) -> str:
    """Return an http or https address of at most 2,048 characters; others could be made into links that run code."""
    _check_text("url", value, MAX_URL_CHARS)
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or _CONTROL.search(value) or " " in value:
        raise Rejected("is not an http or https URL", field="url", remedy="give the whole address, or leave it out")
    return value


def check_published_at(value: str) -> str:
    """Return an ISO 8601 date or date-time."""
    _check_text("published_at", value, 64)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise Rejected(
            "is not an ISO 8601 date or date-time",
            field="published_at",
            remedy="write it as 2024-05-31 or 2024-05-31T08:00:00Z",
        ) from None
    return value


def check_metadata(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return metadata that JSON can carry both ways: finite numbers, valid Unicode, bounded in depth and size."""
    level: list[object] = [value]
    for _ in range(MAX_METADATA_DEPTH + 1):
        if not level:
            break
        level = [inner for item in level for inner in _inner_values(item)]
    else:
        raise Rejected(f"is nested more than {MAX_METADATA_DEPTH} deep", field="metadata", remedy="flatten it")
    size = len(json.dumps(value, ensure_ascii=False, default=dict).encode("utf-8"))
    if size > MAX_METADATA_BYTES:
        raise Rejected(
            f"is {size} bytes of JSON, at most {MAX_METADATA_BYTES} are taken",
            field="metadata",
            remedy="keep less of it",
        )
    return value


def _inner_values(item: object) -> list[object]:
    """Check one value; give those inside it."""
    if isinstance(item, str):
        _check_text("metadata", item, MAX_METADATA_BYTES)
    elif isinstance(item, float) and not math.isfinite(item):
        raise Rejected("holds a number that is not finite", field="metadata", remedy="leave it out or send it as text")
    elif isinstance(item, Mapping):
        return [*item.keys(), *item.values()]
    elif isinstance(item, list | tuple):
        return list(item)
    return []


def _check_text(field: str, value: str, most: int) -> None:
    if len(value) > most:
        raise Rejected(f"has {len(value)} characters, at most {most} are taken", field=field, remedy="shorten it")
    if _SURROGATE.search(value):
        raise Rejected("holds half of a surrogate pair", field=field, remedy="use valid Unicode")
