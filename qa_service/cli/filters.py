"""Filters as an option of a command."""

from __future__ import annotations

import json
from pathlib import Path

from qa_service.errors import BadInput
from qa_service.filters.parsing import parse_filter
from qa_service.filters.tree import Filter

_OPTION = "--filters"
_MAX_BYTES = 8 << 20


def read_filters(given: str) -> Filter:
    """Read a filter from JSON, or from a file named after an `@`.

    Errors:
        BadInput: the file cannot be read, it is not JSON, or no filter.
    """
    text = _content(Path(given[1:])) if given.startswith("@") else given
    try:
        value = json.loads(text)
    except RecursionError:
        raise BadInput("is nested too deeply", field=_OPTION, remedy="write it with fewer levels") from None
    except ValueError as error:
        remedy = 'write it as {"type": "eq", "key": "topic", "value": "health"}, in single quotes for the shell'
        raise BadInput(f"is not JSON: {error}", field=_OPTION, remedy=remedy) from None
    return parse_filter(value, field=_OPTION)


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()[: _MAX_BYTES + 1]
        if len(data) > _MAX_BYTES:
            raise BadInput(f"{path} is over {_MAX_BYTES >> 20} MB", field=_OPTION, remedy="use a smaller filter")
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read {path}: {error}", field=_OPTION, remedy="name a readable JSON file") from None
