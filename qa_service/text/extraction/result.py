"""What extraction gives: the original text, and what the file says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import regex

from qa_service.text.decode import check_text
from qa_service.types import Submission

BINARY = "binary"
_STRINGS = ("text", "encoding", "title", "author", "site", "url", "published_at")
_MOST_ATTRIBUTE_CHARS = 500
_UNSEEN = regex.compile(r"[\s\p{C}]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Extracted:
    """An article's original text, to which every offset refers, and what its file says about it.

    Attributes:
        text: the text, never with a lone surrogate.
        encoding: the Python name of the encoding it was read with, or "binary" for a format that is no text.
        title, author, site: one line each, at most 500 code points; None when the file does not say.
        url: where the page says it lives, http or https.
        published_at: an ISO 8601 date or date-time.
        notes: what was done to the bytes that a reader of the text should know, a sentence each.
    """

    text: str
    encoding: str
    title: str | None = None
    author: str | None = None
    site: str | None = None
    url: str | None = None
    published_at: str | None = None
    notes: tuple[str, ...] = ()


def with_extracted(submission: Submission, extracted: Extracted) -> Submission:
    """Complete a submission by what its file says; what the sender said stays.

    Parameters:
        submission: as handed in.
        extracted: from its bytes.

    Returns:
        The submission; title, url and published_at are filled in where they were None, author and site join the
        metadata where it has no such key.
    """
    found = {"author": extracted.author, "site": extracted.site}
    said = {key: value for key, value in found.items() if value is not None}
    return replace(
        submission,
        title=extracted.title if submission.title is None else submission.title,
        url=extracted.url if submission.url is None else submission.url,
        published_at=extracted.published_at if submission.published_at is None else submission.published_at,
        metadata={**said, **submission.metadata},
    )


def cleaned(extracted: Extracted) -> Extracted:
    """Make what a format's module gives safe to store.

    Errors:
        Rejected: the text holds a lone surrogate.
    """
    return replace(
        extracted,
        text=check_text(extracted.text),
        title=one_line(extracted.title),
        author=one_line(extracted.author),
        site=one_line(extracted.site),
        url=web_address(extracted.url),
        published_at=iso_date(extracted.published_at),
    )


def one_line(value: str | None) -> str | None:
    """Reduce a title or a name to one line without control or unseen characters; None when nothing is left."""
    line = _UNSEEN.sub(" ", value or "").strip()
    return line[:_MOST_ATTRIBUTE_CHARS].rstrip() or None


def web_address(value: str | None) -> str | None:
    """Take an address only if it is an http or https one of a length that a browser takes."""
    address = (value or "").strip()
    usable = re.fullmatch(r"https?://[^\s\x00-\x1f\x7f<>\"]{1,2000}", address)
    return address if usable else None


def iso_date(value: str | None) -> str | None:
    """Bring a date or date-time to ISO 8601; None when it is none."""
    given = (value or "").strip().replace("/", "-")
    try:
        if _DAY.fullmatch(given):
            return date.fromisoformat(given).isoformat()
        return datetime.fromisoformat(given).isoformat() if given else None
    except (ValueError, OverflowError):
        return None


def as_reply(extracted: Extracted) -> dict[str, object]:
    """Turn a result into a JSON object."""
    return {**{name: getattr(extracted, name) for name in _STRINGS}, "notes": list(extracted.notes)}


def from_reply(reply: Mapping[str, object]) -> Extracted:
    """Turn the JSON object back."""
    strings = {name: value for name in _STRINGS if isinstance(value := reply.get(name), str)}
    notes = reply.get("notes")
    return Extracted(**strings, notes=tuple(map(str, notes)) if isinstance(notes, list) else ())
