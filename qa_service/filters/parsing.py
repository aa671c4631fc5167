"""Filters in the shape of OpenAI's vector stores, with some more operators: what `/v1/ask` takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from qa_service.filters.dates import server_now
from qa_service.filters.operands import MAX_DEPTH, Operands, check_key, shown, wrong
from qa_service.filters.tree import Filter, Junction, Operator

OPERATORS: tuple[Operator, ...] = get_args(Operator)
_TYPES = f"use one of {', '.join(OPERATORS)}, or and, or"
_SHAPE = 'write {"type": "eq", "key": "topic", "value": "health"} or {"type": "and", "filters": [...]}'


def parse_filter(value: object, *, field: str = "filters", now: datetime | None = None) -> Filter:
    """Check a filter and read its values.

    `{type, key, value}` compares, `{type: and|or, filters}` joins; see the package for what each type means.

    Parameters:
        value: what JSON made of it.
        field: its name in errors, which say `filters.filters[2].value`.
        now: with a zone; by default the server's time.

    Errors:
        BadInput: it is no filter, or one over the limits.
    """
    return _parse(value, field, Operands(now or server_now()), 1)


def _parse(value: object, field: str, operands: Operands, depth: int) -> Filter:
    if not isinstance(value, Mapping):
        raise wrong(field, f"must be an object, not {'null' if value is None else shown(value)}", _SHAPE)
    if not value:
        raise wrong(field, "is an empty object", f"leave it out, or {_SHAPE}")
    if depth > MAX_DEPTH:
        # The place is as long as the filter is deep, and every level of it is the same.
        whole = field.partition(".filters[")[0]
        raise wrong(whole, f"is nested more than {MAX_DEPTH} deep", "join the comparisons with fewer levels")
    if "type" not in value:
        raise wrong(f"{field}.type", "is required", _TYPES)
    kind = value["type"]
    if kind in ("and", "or"):
        return _junction(value, field, operands, depth)
    if not isinstance(kind, str) or kind not in OPERATORS:
        raise wrong(f"{field}.type", f"is not a type of filter: {shown(kind)}", _TYPES)
    _refuse_others(value, ("type", "key", "value"), field)
    operator = next(one for one in OPERATORS if one == kind)
    if "key" not in value:
        raise wrong(f"{field}.key", "is required", "name a metadata key or a field of the article")
    key = check_key(value["key"], f"{field}.key")
    if "value" not in value and operator not in ("empty", "not_empty"):
        raise wrong(f"{field}.value", "is required", f"add what {operator} compares with")
    return operands.comparison(key, operator, value.get("value"), f"{field}.value")


def _junction(value: Mapping[str, object], field: str, operands: Operands, depth: int) -> Junction:
    _refuse_others(value, ("type", "filters"), field)
    inner = value.get("filters")
    if not isinstance(inner, list) or not inner:
        problem = "is required" if "filters" not in value else "is empty" if inner == [] else "must be a list"
        raise wrong(f"{field}.filters", problem, "give a list of at least one filter")
    filters = tuple(_parse(one, f"{field}.filters[{place}]", operands, depth + 1) for place, one in enumerate(inner))
    return Junction("and" if value["type"] == "and" else "or", filters)


def _refuse_others(value: Mapping[str, object], known: tuple[str, ...], field: str) -> None:
    for name in value:
        if name not in known:
            raise wrong(f"{field}.{name}", "is not a known field", f"remove it; there are {', '.join(known)}")
