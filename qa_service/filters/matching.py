"""Which single values a comparison holds for."""

from __future__ import annotations

import operator as signs
from collections.abc import Callable

from qa_service.filters.dates import read_moment
from qa_service.filters.tree import Bound, Operator
from qa_service.filters.values import Atom, Other, read_number

POSITIVE: dict[Operator, Operator] = {"ne": "eq", "nin": "in", "not_contains": "contains", "empty": "not_empty"}
"""The negative operators: each holds for an article exactly where its opposite does not."""

_NUMBERS: dict[Operator, Callable[[int | float, int | float], bool]] = {
    "gt": signs.gt,
    "gte": signs.ge,
    "lt": signs.lt,
    "lte": signs.le,
}


def value_test(operator: Operator, operand: Bound | str | None) -> Callable[[Atom], bool]:
    """Make the test of a value for a positive operator other than `eq` and `in`, which go by tokens."""
    if isinstance(operand, Bound):
        return _order_test(operator, operand)
    if operand is None:
        return lambda _: True
    if operator == "contains":
        return lambda atom: isinstance(atom, str) and operand in atom
    if operator == "starts_with":
        return lambda atom: isinstance(atom, str) and atom.startswith(operand)
    return lambda atom: isinstance(atom, str) and atom.endswith(operand)


def _order_test(operator: Operator, bound: Bound) -> Callable[[Atom], bool]:
    by_time = _time_test(operator, bound)
    limit = bound.number
    if limit is None:
        return by_time
    compare = _NUMBERS[operator]

    def test(atom: Atom) -> bool:
        number = read_number(atom)
        return by_time(atom) if number is None else compare(number, limit)

    return test


def _time_test(operator: Operator, bound: Bound) -> Callable[[Atom], bool]:
    limit = bound.moment
    if limit is None:
        return lambda _: False
    below, negated = operator in ("lt", "gte", "before"), operator in ("gte", "lte")

    def test(atom: Atom) -> bool:
        moment = None if isinstance(atom, Other) else read_moment(atom)
        if moment is None:
            return False
        return (moment.before(limit) if below else limit.before(moment)) != negated

    return test
