"""Errors of the core in the words of another protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from qa_service.errors import QAError


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Give errors of the core the field names of a protocol: `renamed(question="query")`."""
    try:
        yield
    except QAError as error:
        error.field = names.get(error.field or "", error.field)
        raise
