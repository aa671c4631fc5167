"""What a caller gives as articles, turned into request bodies that keep within the service's limits."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa_service.client.errors import InvalidRequest
from qa_service.media_types import media_type
from qa_service.types import Submission

Given = Submission | Mapping[str, object] | Path
"""An article: a submission; an object as `POST /v1/articles` takes it; or a file, its name being the article's id."""

MAX_ARTICLES = 100
MAX_BYTES = 8 * 1024 * 1024
_PLACE = re.compile(r"^articles\[(\d+)\]")
_PREFIX, _SUFFIX = b'{"articles":[', b"]}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Articles for one request, each as JSON; `first` is the place of the first in what was given."""

    first: int
    articles: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        """The request's body."""
        return _PREFIX + b",".join(self.articles) + _SUFFIX

    @property
    def oversized(self) -> bool:
        """Whether only a background job may take it: a single article over the limit."""
        return len(self.body) > MAX_BYTES

    def place(self, field: str | None) -> str | None:
        """Turn a field of the request into one of what was given: the service counts within the request."""
        return _PLACE.sub(lambda found: f"articles[{int(found[1]) + self.first}]", field) if field else field


def batches(articles: Iterable[Given]) -> Iterator[Batch]:
    """Group articles into the largest requests that the service takes; an article too large for one stands alone.

    Reads `articles` no further than the next request needs.

    Errors:
        InvalidRequest: one is no article, its file cannot be read, or it is no JSON.
    """
    pending: list[bytes] = []
    size = first = 0
    room = MAX_BYTES - len(_PREFIX) - len(_SUFFIX)
    for index, article in enumerate(articles):
        text = encoded(article, index)
        if pending and (len(pending) == MAX_ARTICLES or size + len(text) > room):
            yield Batch(first, tuple(pending))
            pending, size, first = [], 0, index
        pending.append(text)
        size += len(text) + 1
    if pending:
        yield Batch(first, tuple(pending))


def whole(articles: Iterable[Given]) -> Batch:
    """Put all articles into one request.

    Errors:
        InvalidRequest: as for `batches`.
    """
    return Batch(0, tuple(encoded(article, index) for index, article in enumerate(articles)))


def encoded(article: Given, index: int) -> bytes:
    """Write one article as JSON.

    Parameters:
        index: its place, for the error.

    Errors:
        InvalidRequest: as for `batches`.
    """
    where = f"articles[{index}]"
    if isinstance(article, Path):
        body = _object(_read(article, where))
    elif isinstance(article, Submission):
        if article.rejection is not None:
            raise InvalidRequest(article.rejection, field=where, remedy="leave out what could not be read")
        body = _object(article)
    elif isinstance(article, Mapping):
        body = dict(article)
    else:
        raise InvalidRequest(
            f"is {type(article).__name__}", field=where, remedy='give {"id": ..., "text": ...}, a Submission or a Path'
        )
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except (RecursionError, TypeError, ValueError) as error:
        raise InvalidRequest(
            f"is no JSON: {error}", field=where, remedy="use texts, numbers, lists and objects"
        ) from None


def _read(path: Path, where: str) -> Submission:
    try:
        return Submission(path.read_bytes(), id=path.name, content_type=media_type(path.name))
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read: {error.strerror or error}", field=where, remedy="name a readable file"
        ) from error


def _object(submission: Submission) -> dict[str, object]:
    """Give the JSON of a submission: its bytes as they are."""
    charset = f"; charset={submission.charset}" if submission.charset else ""
    body: dict[str, object] = {
        "content_base64": base64.b64encode(submission.content).decode("ascii"),
        "content_type": submission.content_type + charset,
    }
    for name in ("id", "title", "url", "published_at"):
        if (value := getattr(submission, name)) is not None:
            body[name] = value
    if submission.metadata:
        body["metadata"] = dict(submission.metadata)
    return body
