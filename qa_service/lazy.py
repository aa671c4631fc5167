"""What is computed once and shared by threads: attributes, and what functions return."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar, overload

Given = ParamSpec("Given")
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


def once(load: Callable[Given, Value]) -> Callable[Given, Value]:
    """Call a function once for each of its positional arguments, and keep what it returned for good.

    As `functools.cache`, but threads that ask for the same at the same time wait for the first of them: a large table
    that thirty requests build at once takes each of them thirty times as long. The function must not call itself.
    """
    known: dict[tuple[Any, ...], Value] = {}
    loading = threading.RLock()

    @wraps(load)
    def loaded(*args: Given.args, **named: Given.kwargs) -> Value:
        assert not named, "positional arguments only"
        if args not in known:
            with loading:
                if args not in known:
                    known[args] = load(*args, **named)
        return known[args]

    return loaded
