"""The kinds of value that requests are made of, each with its check, its remedy and its place in the document."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from qa_service import attributes, names
from qa_service.errors import BadInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+ *(;[\x20-\x7e]*)?")


def wrong(problem: str, remedy: str | None = None) -> PydanticCustomError:
    """Make the error of one value; pydantic adds where it stands."""
    return PydanticCustomError("value", "{problem}", {"problem": problem, "remedy": remedy})


def _by_rule(rule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Turn a rule of the core into a validator; pydantic adds where the value stands."""

    def check(value: Any) -> Any:
        try:
            return rule(value)
        except BadInput as error:
            raise wrong(error.detail, error.remedy) from None

    return check


check_article_id = _by_rule(names.check_article_id)


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


def _read_flag(value: object) -> object:
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_read_flag, json_schema_input_type=bool | Literal["true", "false"])]
"""True or false, for protocols whose clients put it in quotes."""
Collection = Annotated[
    str,
    Field(description="Name of the collection.", json_schema_extra={"pattern": f"^{names.COLLECTION.pattern}$"}),
    AfterValidator(_by_rule(names.check_collection)),
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
    Field(max_length=attributes.MAX_URL_CHARS, description="Where the article comes from; http or https."),
    AfterValidator(_by_rule(attributes.check_url)),
]
Date = Annotated[
    str,
    Field(max_length=64, description="ISO 8601 date or date-time of publication."),
    AfterValidator(_by_rule(attributes.check_published_at)),
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
        description=f"Any JSON object of at most {attributes.MAX_METADATA_BYTES // 1024} KB and "
        f"{attributes.MAX_METADATA_DEPTH} levels; "
        "comes back with each passage."
    ),
    AfterValidator(_by_rule(attributes.check_metadata)),
]
