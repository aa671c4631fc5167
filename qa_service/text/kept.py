"""Derived tables kept in a cache directory, under a name that says what they were made from."""

from __future__ import annotations

import hashlib
import logging
import marshal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Table = TypeVar("Table")
_log = logging.getLogger(__name__)


def cached(folder: Path | None, name: str, version: str, build: Callable[[], Table]) -> Table:
    """Read a table, or build and keep it.

    Parameters:
        folder: the cache directory; None keeps nothing. A damaged or missing file is built again.
        name: what the file is called.
        version: everything the table depends on; another version is another file.
        build: makes the table of dicts, lists, tuples, strings and numbers.
    """
    if folder is None:
        return build()
    key = hashlib.sha256(f"marshal-{marshal.version} {version}".encode()).hexdigest()[:16]
    path = folder / f"{name}-{key}.cache"
    found = _load(path)
    if found is not None:
        table: Table = found[0]
        return table
    table = build()
    _save(path, (table,))
    return table


def _load(path: Path) -> tuple[Any] | None:
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        found: tuple[Any] = marshal.loads(content[32:])  # noqa: S302 - checksum verified
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return found


def _save(path: Path, table: Any) -> None:
    """Write under another name, then rename, so that a reader never meets half a file."""
    payload = marshal.dumps(table)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = Path(file.name)
            file.write(hashlib.sha256(payload).digest() + payload)
        temporary.replace(path)
    except OSError as error:
        _log.warning("tables could not be cached in %s: %s", path.parent, error)
        if temporary is not None:
            temporary.unlink(missing_ok=True)
