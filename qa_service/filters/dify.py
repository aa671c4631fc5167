"""Filters in the shape of Dify's external knowledge requests: `metadata_condition`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from qa_service.filters.dates import server_now
from qa_service.filters.operands import Operands, check_key, shown, wrong
from qa_service.filters.tree import Comparison, Filter, Junction, Operator
from qa_service.filters.values import read_number

OPERATORS: dict[str, Operator] = {
    "contains": "contains",
    "not contains": "not_contains",
    "start with": "starts_with",
    "end with": "ends_with",
    "is": "eq",
    "is not": "ne",
    "in": "in",
    "not in": "nin",
    "empty": "empty",
    "not empty": "not_empty",
    "=": "eq",
    "≠": "ne",
    ">": "gt",
    "<": "lt",
    "≥": "gte",
    "≤": "lte",
    "before": "before",
    "after": "after",
    # Its own code writes these beside the signs.
    "!=": "ne",
    ">=": "gte",
    "<=": "lte",
}
_WRITTEN: dict[Operator, str] = {operator: sign for sign, operator in reversed(OPERATORS.items())}
"""The protocol's name of each operator, of several the first."""
_NUMERIC = ("=", "≠", "!=")


def parse_metadata_condition(
    value: object, *, field: str = "metadata_condition", now: datetime | None = None
) -> Filter | None:
    """Check a `metadata_condition` and read its values.

    Null, and conditions that are null or empty, filter nothing. Without a logical operator all conditions must hold.
    A list of names is several keys, of which one must hold (none may, for the negative operators). Lists may come as
    one text with commas between their values. `=` and `≠` go by number where the value is one, so that "7" is "7.0".
    Fields that are not known are ignored, since versions differ.

    Parameters:
        value: what JSON made of it.
        field: its name in errors.
        now: with a zone; by default the server's time.

    Errors:
        BadInput: it is not of that shape, or over the limits. A value that is missing where an operator needs one is
            an error too: a condition that is left out would admit what it was meant to keep out.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise wrong(field, f"must be an object or null, not {shown(value)}", "send conditions and logical_operator")
    logic = value.get("logical_operator")
    if logic not in (None, "and", "or"):
        raise wrong(f"{field}.logical_operator", f"is not known: {shown(logic)}", "use and, or, or null")
    conditions = value.get("conditions")
    if conditions is None or conditions == []:
        return None
    if not isinstance(conditions, list):
        raise wrong(f"{field}.conditions", "must be a list or null", "put the conditions in [ ]")
    operands = Operands(now or server_now(), _WRITTEN)
    parsed = tuple(_condition(one, f"{field}.conditions[{n}]", operands) for n, one in enumerate(conditions))
    return parsed[0] if len(parsed) == 1 else Junction("or" if logic == "or" else "and", parsed)


def _condition(given: object, field: str, operands: Operands) -> Filter:
    if not isinstance(given, Mapping):
        raise wrong(field, "must be an object", "give name, comparison_operator and value")
    written = given.get("comparison_operator")
    if not isinstance(written, str) or written.strip() not in OPERATORS:
        problem = "is required" if written is None else f"is not known: {shown(written)}"
        raise wrong(f"{field}.comparison_operator", problem, f"use one of {', '.join(OPERATORS)}")
    sign = written.strip()
    operator = OPERATORS[sign]
    value = None if operator in ("empty", "not_empty") else _value(sign, operator, given.get("value"))
    compared = [
        operands.comparison(key, operator, value, f"{field}.value") for key in _keys(given.get("name"), f"{field}.name")
    ]
    return compared[0] if len(compared) == 1 else _any(operator, tuple(compared))


def _any(operator: Operator, compared: tuple[Comparison, ...]) -> Junction:
    negative = operator in ("ne", "nin", "not_contains", "empty")
    return Junction("and" if negative else "or", compared)


def _keys(name: object, field: str) -> list[str]:
    names = name if isinstance(name, list) else [name]
    if not names or names == [None]:
        raise wrong(field, "is required", "name a metadata key or a field of the article")
    if len(names) == 1:
        return [check_key(names[0], field)]
    return [check_key(one, f"{field}[{place}]") for place, one in enumerate(names)]


def _value(sign: str, operator: Operator, value: object) -> object:
    """Bring a value into the shape that the operator takes."""
    if operator in ("in", "nin") and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if sign in _NUMERIC and isinstance(value, str):
        number = read_number(value)
        return value if number is None else number
    return value
