"""Files that a command writes for its user."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from qa_service.errors import BadInput


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before the work that fills it; leaves an existing file as it is.

    Errors:
        BadInput: it cannot be opened for writing.
    """
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a file, UTF-8.

    Errors:
        BadInput: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error


def write_json_lines(path: Path, lines: Iterable[object]) -> None:
    """Write one JSON value a line.

    Errors:
        BadInput: the file cannot be written.
    """
    write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def _unwritable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot be written: {error.strerror}", field=str(path))
