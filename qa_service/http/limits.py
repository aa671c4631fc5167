"""How much one request may bring; the reason each is refused names the way round it."""

from __future__ import annotations

from flask import Flask, Request

from qa_service.errors import TooLarge

MEGABYTE = 1024 * 1024
MAX_BODY_BYTES = 8 * MEGABYTE
MAX_ARTICLES = 100
MAX_ASYNC_BODY_BYTES = 64 * MEGABYTE
MAX_ASYNC_ARTICLES = 10_000
_USE_ASYNC = (
    f"send them with ?async=true (up to {MAX_ASYNC_ARTICLES} articles or {MAX_ASYNC_BODY_BYTES // MEGABYTE} MB), "
    "or in several requests"
)
_USE_INGEST = "send them in several requests, or use the command `qa-service ingest`"


def init_app(app: Flask) -> None:
    """Bound the body of every request that does not ask for more."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES


def allow_articles(request: Request, *, background: bool) -> None:
    """Set this request's bounds, before its body is read."""
    request.max_content_length = MAX_ASYNC_BODY_BYTES if background else MAX_BODY_BYTES
    # One more than is taken, so that the count is refused by name and not by the parser.
    request.max_form_parts = (MAX_ASYNC_ARTICLES if background else MAX_ARTICLES) + 1


def articles_too_large(*, background: bool) -> TooLarge:
    """Make the 413 of a body over the limit."""
    limit = (MAX_ASYNC_BODY_BYTES if background else MAX_BODY_BYTES) // MEGABYTE
    remedy = _USE_INGEST if background else _USE_ASYNC
    return TooLarge(f"the request is over {limit} MB", field="body", remedy=remedy)


def check_article_count(count: int, *, background: bool) -> None:
    """Refuse more articles than one request may bring (413)."""
    limit = MAX_ASYNC_ARTICLES if background else MAX_ARTICLES
    if count > limit:
        remedy = _USE_INGEST if background else _USE_ASYNC
        raise TooLarge(f"there are {count} articles, at most {limit} are taken", field="articles", remedy=remedy)
