"""Reads Parquet files: each row is an article, with the columns that JSON Lines has as fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from qa_service.readers.formats import parse_json
from qa_service.readers.places import EXTRA, Place
from qa_service.readers.rows import BODIES, FIELDS, rejected_row, submission_from_row
from qa_service.types import Submission

ROWS = 64
"""Rows that are turned into Python's values at a time: they are articles, and may be long."""


def read_parquet(path: Place) -> Iterator[Submission]:
    """Read a row a time; `metadata` may be a struct, a map or JSON in a string, and other columns join it.

    A row with a value that Python cannot have, as a date past the year 9999, is rejected by itself.

    Errors:
        OSError: the file cannot be read.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        yield rejected_row(None, str(path), f"reading Parquet needs pyarrow ({EXTRA})")
        return
    with path.open("rb") as file:
        number = 0
        try:
            opened = parquet.ParquetFile(file)
            columns = opened.schema_arrow.names
            if not set(columns) & set(BODIES):
                found = ", ".join(columns[:20])[:300] or "none"
                reason = f"needs a column text, html or content_base64; it has {found}"
                yield rejected_row(None, str(path), reason)
                return
            for batch in opened.iter_batches(batch_size=ROWS):
                for index in range(batch.num_rows):
                    number += 1
                    yield _row(batch, index, f"{path}: row {number}")
        except pa.ArrowException as error:
            # Some of these are kinds of OSError too, but it is the content that is wrong.
            problem = " ".join(str(error).split())[:300]
            yield rejected_row(None, f"{path}: row {number + 1}", f"not Parquet: {problem}; the rest was not read")


def count_rows(path: Place) -> int | None:
    """Count the rows of a file by what stands at its end; None when that cannot be read."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415
    except ImportError:
        return None
    with path.open("rb") as file:
        return _count(file, parquet, ArrowException)


def _count(file: IO[bytes], parquet: Any, problem: type[Exception]) -> int | None:
    try:
        return int(parquet.ParquetFile(file).metadata.num_rows)
    except problem:
        return None


def _row(batch: Any, index: int, place: str) -> Submission:
    row: dict[str, object] = {}
    problem = ""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row[name] = column[index].as_py(maps_as_pydicts="lossy")
        except Exception as error:
            # Of many kinds: OverflowError, ValueError, what a library of time zones raises, which is a KeyError.
            reason = " ".join(str(error).split())[:200]
            problem = problem or f"{name}: cannot be read: {type(error).__name__}: {reason}"
    # The id is kept: the article is still there, and --prune must see that.
    return rejected_row(_fields(row), place, problem) if problem else _submission(row, place)


def _fields(row: Mapping[str, object]) -> dict[str, object]:
    """Turn a row into what JSON would have, save what a field of ours must not be: that is told, and not left out."""
    plain = {name: _decoded(value) if name in FIELDS else _plain(value) for name, value in row.items()}
    if isinstance(row.get("html"), bytes):
        plain["html"] = row["html"]  # A page names its encoding itself.
    return plain


def _decoded(value: object) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    plain = _plain(value)
    return value if plain is None and not isinstance(value, float) else plain


def _submission(row: dict[str, object], place: str) -> Submission:
    plain = _fields(row)
    metadata = plain.get("metadata")
    if isinstance(metadata, str):
        try:
            plain["metadata"] = parse_json(metadata) if metadata.strip() else None
        except ValueError as error:
            return rejected_row(plain, place, f"metadata: {error}")
    return submission_from_row(plain, place)


def _plain(value: object) -> object:
    """Turn a value into one that JSON has; what has none there becomes absent."""
    if isinstance(value, Mapping):
        pairs = {str(key): _plain(inner) for key, inner in value.items()}
        return {key: inner for key, inner in pairs.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date | time | UUID):
        return str(value) if isinstance(value, UUID) else value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) else None
