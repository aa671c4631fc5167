"""What filters and freshness look like in a request, for the document and for pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from qa_service.filters import operands
from qa_service.http.strict_body import Body
from qa_service.types import FRESHNESS_WEIGHT

_Key = Annotated[
    str,
    Field(
        min_length=1,
        max_length=operands.MAX_KEY_CHARS,
        description="A metadata key, dots leading into nested objects, or the article's own `article_id` (`file_id`,"
        " `document_id`), `title` (`filename`), `url`, `published_at`. `metadata.NAME` always means the metadata.",
    ),
]
_Text = Annotated[str, Field(max_length=operands.MAX_VALUE_CHARS)]
_Single = _Text | float | bool
_DATE = (
    "a date or date-time (ISO 8601), Unix seconds, `now`, `today`, or either with an offset such as `now-7d`"
    " (h, d, w, m months, y)"
)


class EqualFilter(Body):
    """One of the values of the key equals `value`; `ne`: none does, an article without the key included."""

    type: Literal["eq", "ne"]
    key: _Key
    value: _Single


class MemberFilter(Body):
    """One of the values of the key is in the list; `nin`: none is, an article without the key included."""

    type: Literal["in", "nin"]
    key: _Key
    value: list[_Single] = Field(max_length=operands.MAX_VALUES)


class OrderFilter(Body):
    """One of the values of the key is greater or less, by number or by time."""

    type: Literal["gt", "gte", "lt", "lte"]
    key: _Key
    value: float | _Text = Field(description=f"A number, or {_DATE}.")


class TimeFilter(Body):
    """One of the values of the key is a time before or after another. A date without time is compared by day."""

    type: Literal["before", "after"]
    key: _Key
    value: float | _Text = Field(description=f"{_DATE[0].upper()}{_DATE[1:]}.")


class TextFilter(Body):
    """A text among the values of the key contains, begins or ends with `value`; `not_contains`: none contains it."""

    type: Literal["contains", "not_contains", "starts_with", "ends_with"]
    key: _Key
    value: str = Field(min_length=1, max_length=operands.MAX_VALUE_CHARS)


class PresenceFilter(Body):
    """The key has no value (missing, null, blank, an empty list), or it has one."""

    type: Literal["empty", "not_empty"]
    key: _Key
    value: None = None


class JunctionFilter(Body):
    """All (`and`) or any (`or`) of the filters."""

    type: Literal["and", "or"]
    filters: list[_AnyFilter] = Field(min_length=1)


_AnyFilter = Annotated[
    EqualFilter | MemberFilter | OrderFilter | TimeFilter | TextFilter | PresenceFilter | JunctionFilter,
    Field(discriminator="type"),
]


def _as_given(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    # The one parser of all protocols checks it, and names the place deep inside that is wrong.
    return value


FilterIn = Annotated[
    _AnyFilter | None,
    WrapValidator(_as_given),
    Field(
        description="Only passages of the articles that it admits are searched and named: a comparison of a key, or"
        " several joined by `and` and `or`. A key with a list has each of its values; an article without the key fails"
        " every comparison but `ne`, `nin`, `not_contains` and `empty`. At most"
        f" {operands.MAX_DEPTH} levels, {operands.MAX_COMPARISONS} comparisons and {operands.MAX_VALUES} values in a"
        " list."
    ),
]


class FreshnessIn(Body):
    """A preference for newer passages, relative to the newest dated one among those found."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"half_life_days": 30, "weight": 0.2}]})

    half_life_days: float = Field(
        gt=0, le=36_500, allow_inf_nan=False, description="A passage this much older has half the bonus."
    )
    weight: float = Field(
        FRESHNESS_WEIGHT,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="The newest passage's bonus on its ranking score, which is about 0 to 1.",
    )
