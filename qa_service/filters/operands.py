"""What a comparison may compare with: one set of rules for every protocol's filters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

from qa_service.errors import BadInput
from qa_service.filters.dates import Moment, read_moment, read_relative
from qa_service.filters.tree import Bound, Comparison, Key, Operator
from qa_service.filters.values import Token, clean, read_number, sought

MAX_DEPTH = 16
MAX_COMPARISONS = 256
MAX_VALUES = 10_000
"""Values of one list."""
MAX_ALL_VALUES = 20_000
"""Values of all lists of a filter."""
MAX_KEY_CHARS = 256
MAX_VALUE_CHARS = 4096

_SHOWN = 80
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DATE_FORMS = "write a date as 2024-05-31 or 2024-05-31T08:00:00Z, Unix seconds, now, today, or now-7d (h d w m y)"


def wrong(field: str, problem: str, remedy: str) -> BadInput:
    """Make the error of one place in a filter."""
    return BadInput(problem, field=field, remedy=remedy)


def shown(value: object) -> str:
    """Quote a value for an error, cut short."""
    if isinstance(value, str):
        return repr(value[:_SHOWN])
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    # The digits of a huge whole number cannot be written out.
    return "a huge number" if isinstance(value, int) and value.bit_length() > 256 else repr(value)[:_SHOWN]


class Operands:
    """Makes the comparisons of one filter and counts what it holds.

    Parameters:
        now: what `now` and `today` mean in it.
        names: what the protocol calls operators, for errors; without a name of its own, one is called as here.
    """

    def __init__(self, now: datetime, names: Mapping[Operator, str] | None = None) -> None:
        self._now = now
        self._names = names or {}
        self._comparisons = 0
        self._values = 0

    def comparison(self, key: str, operator: Operator, value: object, field: str) -> Comparison:
        """Check a comparison's value and make the comparison.

        Parameters:
            field: where the value stands, for errors.

        Errors:
            BadInput: the value does not go with the operator or the key, or the filter has grown too large.
        """
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            problem = f"is in a filter of more than {MAX_COMPARISONS} comparisons"
            raise wrong(field, problem, f"use `{self._name('in')}` with a list")
        where = Key.of(key)
        if operator in ("empty", "not_empty"):
            if value is not None:
                raise wrong(field, f"must be left out: {self._name(operator)} compares with nothing", "remove it")
            return Comparison(where, operator, None)
        if operator in ("in", "nin"):
            return Comparison(where, operator, self._list(where, operator, value, field))
        if operator in ("eq", "ne"):
            return Comparison(where, operator, frozenset(self._tokens(where, value, field)))
        if operator in ("contains", "not_contains", "starts_with", "ends_with"):
            return Comparison(where, operator, self._part(operator, value, field))
        return Comparison(where, operator, self._bound(where, operator, value, field))

    def _list(self, key: Key, operator: Operator, value: object, field: str) -> frozenset[Token]:
        if not isinstance(value, list):
            raise wrong(field, f"must be a list for {self._name(operator)}, not {shown(value)}", "put it in [ ]")
        self._values += len(value)
        if len(value) > MAX_VALUES or self._values > MAX_ALL_VALUES:
            given = f"has {len(value)} values" if len(value) > MAX_VALUES else f"makes it {self._values} values in all"
            limits = f"{MAX_VALUES} in a list, {MAX_ALL_VALUES} in a filter"
            raise wrong(field, f"{given}; allowed are {limits}", "ask several times, or mark the articles by a key")
        return frozenset(
            token for place, item in enumerate(value) for token in self._tokens(key, item, f"{field}[{place}]")
        )

    def _tokens(self, key: Key, value: object, field: str) -> list[Token]:
        if value is None:
            raise wrong(field, "is null", f"use {self._emptiness()}")
        if not isinstance(value, str | int | float):
            problem = f"must be a text, a number or true or false, not {shown(value)}"
            raise wrong(field, problem, f"use `{self._name('in')}` with a list")
        _check(value, field)
        if not key.holds_dates:
            return list(sought(value))
        moment = self._moment(value)
        if moment is None:
            raise wrong(field, f"is not a date: {shown(value)}", _DATE_FORMS)
        return list(moment.sought())

    def _bound(self, key: Key, operator: Operator, value: object, field: str) -> Bound:
        dates_only = key.holds_dates or operator in ("before", "after")
        expected = "a date" if dates_only else "a number or a date"
        if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
            given = "null" if value is None else shown(value)
            raise wrong(field, f"must be {expected} for {self._name(operator)}, not {given}", _DATE_FORMS)
        _check(value, field)
        bound = Bound(None if dates_only else read_number(value), self._moment(value))
        if bound.number is None and bound.moment is None:
            raise wrong(field, f"is not {expected}: {shown(value)}", _DATE_FORMS)
        return bound

    def _part(self, operator: Operator, value: object, field: str) -> str:
        if not isinstance(value, str):
            given = "null" if value is None else shown(value)
            raise wrong(field, f"must be a text for {self._name(operator)}, not {given}", "put it in double quotes")
        _check(value, field)
        if not clean(value):
            raise wrong(field, "is blank", f"give at least one character, or use {self._emptiness()}")
        return clean(value)

    def _name(self, operator: Operator) -> str:
        return self._names.get(operator, operator)

    def _emptiness(self) -> str:
        return f"`{self._name('empty')}` or `{self._name('not_empty')}`"

    def _moment(self, value: str | int | float) -> Moment | None:
        relative = read_relative(value, self._now) if isinstance(value, str) else None
        return relative or read_moment(value)


def check_key(value: object, field: str) -> str:
    """Return a key.

    Errors:
        BadInput: it is no text, blank or too long, or holds control characters.
    """
    if not isinstance(value, str):
        raise wrong(field, "must be a string", "name a metadata key or a field of the article")
    if not value.strip() or len(value) > MAX_KEY_CHARS:
        problem = "is blank" if not value.strip() else f"has {len(value)} characters, at most {MAX_KEY_CHARS} are taken"
        raise wrong(field, problem, f"use 1 to {MAX_KEY_CHARS} characters")
    if _CONTROL.search(value):
        raise wrong(field, "holds a control character", "use printable characters")
    _check(value, field)
    return value


def _check(value: str | int | float, field: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong(field, "is not a finite number", "write a number of ordinary size")
    if isinstance(value, str) and len(value) > MAX_VALUE_CHARS:
        raise wrong(field, f"has {len(value)} characters, at most {MAX_VALUE_CHARS} are taken", "shorten it")
    if isinstance(value, str) and _SURROGATE.search(value):
        raise wrong(field, "holds half of a surrogate pair", "use valid Unicode")
