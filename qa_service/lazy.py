"""A property computed once, for values that threads share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class lazy(Generic[Owner, Value]):  # noqa: N801 - used as a decorator, like `property`
    """Compute an attribute when first asked for, and keep it.

    Python 3.11's `functools.cached_property` holds one lock for all instances of a class while it computes, so that
    threads wait for each other; here two of them may compute the same value, which must then be equal.
    """

    def __init__(self, compute: Callable[[Owner], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type[Owner], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Owner]) -> lazy[Owner, Value]: ...
    @overload
    def __get__(self, instance: Owner, owner: type[Owner]) -> Value: ...
    def __get__(self, instance: Any, owner: type[Owner]) -> Any:
        if instance is None:
            return self
        value = self._compute(instance)
        # Found before this descriptor from now on, which defines no __set__.
        instance.__dict__[self._name] = value
        return value
