"""Reads Parquet files: each row is an article, with the columns that JSON Lines has as fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from qa_service.readers.formats import parse_json
from qa_service.readers.places import EXTRA, Place
from qa_service.readers.rows import BODIES, rejected_row, submission_from_row
from qa_service.types import Submission

ROWS = 64
"""Rows that are turned into Python's values at a time: they are articles, and may be long."""


def read_parquet(path: Place) -> Iterator[Submission]:
    """Read a row a time; `metadata` may be a struct, a map or JSON in a string, and other columns join it.

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
                for row in batch.to_pylist(maps_as_pydicts="lossy"):
                    number += 1
                    yield _submission(row, f"{path}: row {number}")
        except (pa.ArrowException, UnicodeDecodeError) as error:
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


def _submission(row: dict[str, object], place: str) -> Submission:
    plain = {name: _plain(value) for name, value in row.items()}
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
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) else None
