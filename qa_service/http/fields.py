"""The kinds of value that requests are made of, each with its check, its remedy and its place in the document."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from qa_service import names
from qa_service.errors import BadInput

MAX_URL_CHARS = 2048
MAX_TITLE_CHARS = 2000
MAX_METADATA_BYTES = 64 * 1024
MAX_METADATA_DEPTH = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+ *(;[\x20-\x7e]*)?")


def wrong(problem: str, remedy: str | None = None) -> PydanticCustomError:
    """Make the error of one value; pydantic adds where it stands."""
    return PydanticCustomError("value", "{problem}", {"problem": problem, "remedy": remedy})


def _check_collection(value: str) -> str:
    try:
        return names.check_collection(value)
    except BadInput as error:
        raise wrong(error.detail, error.remedy) from None


def check_article_id(value: str) -> str:
    """Return a well-formed article id."""
    try:
        return names.check_article_id(value)
    except BadInput as error:
        raise wrong(error.detail, error.remedy) from None


def _check_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or _CONTROL.search(value) or " " in value:
        raise wrong("is not an http or https URL", "give the whole address, or leave it out")
    return value


def _check_date(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise wrong("is not an ISO 8601 date or date-time", "write it as 2024-05-31 or 2024-05-31T08:00:00Z") from None
    return value


def _check_content_type(value: str) -> str:
    if not _CONTENT_TYPE.fullmatch(value):
        raise wrong("is not a media type", "write it as type/subtype, such as application/pdf")
    return value


def _decode_base64(value: object) -> bytes:
    if not isinstance(value, str):
        raise wrong("must be a string")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise wrong("is not base64", "use the standard alphabet with padding") from None


def _depth(value: dict[str, Any]) -> int:
    depth = 0
    level: list[dict[str, Any] | list[Any]] = [value]
    while level and depth <= MAX_METADATA_DEPTH:
        depth += 1
        level = [inner for item in level for inner in _members(item) if isinstance(inner, dict | list)]
    return depth


def _members(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _check_metadata(value: dict[str, Any]) -> dict[str, Any]:
    if _depth(value) > MAX_METADATA_DEPTH:
        raise wrong(f"is nested more than {MAX_METADATA_DEPTH} deep", "flatten it")
    size = len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > MAX_METADATA_BYTES:
        raise wrong(f"is {size} bytes of JSON, at most {MAX_METADATA_BYTES} are taken", "keep less of it")
    return value


Collection = Annotated[
    str,
    Field(description="Name of the collection.", json_schema_extra={"pattern": f"^{names.COLLECTION.pattern}$"}),
    AfterValidator(_check_collection),
]
ArticleId = Annotated[
    str,
    Field(description=f"The article's id: 1 to {names.MAX_ID_BYTES} bytes of UTF-8, no control characters."),
    AfterValidator(check_article_id),
]
Question = Annotated[
    str,
    Field(
        description="The question, in any language; control characters but tab and line breaks are refused.",
        json_schema_extra={"minLength": 1},
    ),
]
Url = Annotated[
    str,
    Field(max_length=MAX_URL_CHARS, description="Where the article comes from; http or https."),
    AfterValidator(_check_url),
]
Date = Annotated[
    str,
    Field(max_length=64, description="ISO 8601 date or date-time of publication."),
    AfterValidator(_check_date),
]
ContentType = Annotated[
    str,
    Field(max_length=255, description="Media type of `content_base64`; its charset parameter, if any, is honoured."),
    AfterValidator(_check_content_type),
]
Base64 = Annotated[
    bytes,
    Field(description="The article's bytes in base64."),
    BeforeValidator(_decode_base64),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Metadata = Annotated[
    dict[str, Any],
    Field(
        description=f"Any JSON object of at most {MAX_METADATA_BYTES // 1024} KB and {MAX_METADATA_DEPTH} levels; "
        "comes back with each passage."
    ),
    AfterValidator(_check_metadata),
]
