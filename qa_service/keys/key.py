"""A key: what it may do, where, until when and how often. Of its text no more than a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from qa_service.config import RATE
from qa_service.errors import BadInput
from qa_service.names import check_collection

Scope = Literal["ask", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
MOST_NAME_CHARS = 100
MOST_DAYS = 36_500
KEY_ID = re.compile(r"[0-9a-f]{8}")
_KEY_TEXT = re.compile(r"qa_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key.

    Attributes:
        id: 8 hexadecimal digits, a part of the key's text, by which it is found and named in listings.
        name: whose it is, or what for.
        sha256: of the key's text. The text holds 256 random bits, so that no slow hash is needed.
        scopes: what it may do; `admin` includes all else.
        collections: the only ones it sees; None for all.
        created_at, expires_at: ISO 8601 in UTC; without an expiry it is good until it is revoked.
        rate: requests in a time, such as `60/minute`; None without limit.
        concurrency: requests at one time; None without limit.
    """

    id: str
    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    collections: tuple[str, ...] | None
    created_at: str
    expires_at: str | None = None
    rate: str | None = None
    concurrency: int | None = None

    def matches(self, text: str) -> bool:
        """Tell whether this is the key's text, in a time that does not depend on where the two differ."""
        return hmac.compare_digest(hash_of(text), self.sha256)

    def expired(self, now: datetime) -> bool:
        """Tell whether the key's time is over."""
        return self.expires_at is not None and now >= datetime.fromisoformat(self.expires_at)


def make_key(
    name: str,
    scopes: Sequence[Scope],
    collections: Sequence[str] | None = None,
    *,
    days: int | None = None,
    rate: str | None = None,
    concurrency: int | None = None,
) -> tuple[Key, str]:
    """Make a key.

    Parameters:
        name: for listings; it need not be unique.
        scopes: at least one.
        collections: names of the only ones it is to see, which need not exist yet; None for all.
        days: until it expires; None for never.
        rate: as in `Key`.
        concurrency: as in `Key`.

    Returns:
        What is kept of it, and its text, which cannot be had again.

    Errors:
        BadInput: something given is not valid.
    """
    _check(name, scopes, days, rate, concurrency)
    now = datetime.now(UTC)
    key_id = secrets.token_hex(4)
    text = f"qa_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    key = Key(
        id=key_id,
        name=name,
        sha256=hash_of(text),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        collections=None if collections is None else tuple(sorted({check_collection(one) for one in collections})),
        created_at=now.isoformat(timespec="seconds"),
        expires_at=None if days is None else (now + timedelta(days=days)).isoformat(timespec="seconds"),
        rate=rate,
        concurrency=concurrency,
    )
    return key, text


def id_in(text: str) -> str | None:
    """Read the id out of a key's text; None of a text that was not made by `make_key`."""
    found = _KEY_TEXT.fullmatch(text)
    return found[1] if found else None


def hash_of(text: str) -> str:
    """Hash a key's text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check(name: str, scopes: Sequence[Scope], days: int | None, rate: str | None, concurrency: int | None) -> None:
    if not 1 <= len(name) <= MOST_NAME_CHARS or not name.isprintable():
        remedy = f"use 1 to {MOST_NAME_CHARS} characters that can be shown"
        raise BadInput("this cannot be a key's name", field="name", remedy=remedy)
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadInput("a key has at least one scope", field="scope", remedy=f"use {', '.join(SCOPES)}")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadInput(f"{days} is out of range", field="expires", remedy=f"use 1 to {MOST_DAYS} days")
    if rate is not None and not RATE.fullmatch(rate):
        raise BadInput(f"{rate[:80]!r} is not a rate", field="rate", remedy="write it like 60/minute")
    if concurrency is not None and concurrency < 1:
        raise BadInput(f"{concurrency} is out of range", field="concurrency", remedy="use 1 or more")
