"""Parses one feed with feedparser, in the sandbox's process."""

from __future__ import annotations

import calendar
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qa_service.attributes import check_url
from qa_service.errors import Rejected

MAX_ENTRIES = 100_000
_PLAIN = ("text/plain", "text")


def parse(content: bytes) -> dict[str, object]:
    """Turn a feed into rows, as JSON Lines has them.

    Parameters:
        content: an RSS or Atom document.

    Returns:
        `{"entries": [...]}`; a row has the keys of `rows.FIELDS` that the entry gives, and the author and site
        in its metadata.

    Errors:
        Rejected: feedparser is not installed, or this is no feed or one without entries.
    """
    try:
        import feedparser  # noqa: PLC0415
    except ImportError:
        raise Rejected("reading feeds needs feedparser", remedy="install qa-service[feeds]") from None
    # A stream, since a str or bytes might be taken for an address to fetch.
    feed = feedparser.parse(io.BytesIO(content), resolve_relative_uris=False)
    if not feed.entries:
        problem = f": {type(feed.bozo_exception).__name__}" if feed.bozo else ""
        raise Rejected(f"this is no RSS or Atom feed with entries{problem}", remedy="get it again, or leave it out")
    if len(feed.entries) > MAX_ENTRIES:
        raise Rejected(f"the feed has more than {MAX_ENTRIES:,} entries", remedy="split it")
    site = feed.feed.get("title")
    return {"entries": [_row(entry, site) for entry in feed.entries]}


def _row(entry: Mapping[str, Any], site: str | None) -> dict[str, object]:
    bodies = [(part.get("value") or "", part.get("type")) for part in entry.get("content") or ()]
    detail = entry.get("summary_detail") or {}
    bodies.append((entry.get("summary") or "", detail.get("type")))
    # Some feeds give the article as the summary and a teaser as the content.
    body, kind = max(bodies, key=lambda each: len(each[0]))
    row = {
        "id": entry.get("id") or entry.get("link"),
        "title": entry.get("title"),
        "url": _address(entry.get("link")),
        "published_at": _time(entry.get("published_parsed") or entry.get("updated_parsed")),
        "text" if kind in _PLAIN else "html": body or None,
        "metadata": {key: value for key, value in (("author", entry.get("author")), ("site", site)) if value},
    }
    return {key: value for key, value in row.items() if value}


def _address(link: str | None) -> str | None:
    """Keep a link that is one; feedparser gives a bare guid as the link of its entry."""
    try:
        return check_url(link) if link else None
    except Rejected:
        return None


def _time(given: Any) -> str | None:
    """Turn feedparser's UTC time into ISO 8601."""
    if given is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(given), UTC).isoformat()
    except (ValueError, OverflowError, OSError, TypeError):
        return None
