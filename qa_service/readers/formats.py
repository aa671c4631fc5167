"""Streams rows out of JSONL, JSON and CSV files, with the line of each."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from typing import IO

from qa_service.readers.places import Place
from qa_service.readers.rows import BODIES, FIELDS, rejected_row, submission_from_row
from qa_service.types import Submission

MAX_ROW_BYTES = 256 * 1024 * 1024
MAX_JSON_BYTES = 1024 * 1024 * 1024
_SAMPLE_BYTES = 64 * 1024


def parse_json(text: str | bytes) -> object:
    """Parse JSON as the standard has it: no NaN or Infinity, and too deep is an error, not a crash.

    Errors:
        ValueError: the text is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ValueError(f"not JSON: {error.msg} at {where}") from None


def read_jsonl(path: Place) -> Iterator[Submission]:
    """Read one JSON object a line, in constant memory; blank lines are skipped.

    Errors:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(bounded_lines(file, MAX_ROW_BYTES), start=1):
            place = f"{path}:{number}"
            if line is None:
                yield rejected_row(None, place, f"the line is longer than {MAX_ROW_BYTES:,} bytes")
                continue
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            try:
                row = parse_json(text.decode("utf-8"))
            except UnicodeDecodeError as error:
                yield rejected_row(None, place, f"not UTF-8 at byte {error.start} of the line")
            except ValueError as error:
                yield rejected_row(None, place, str(error))
            else:
                yield submission_from_row(row, place)


def read_json(path: Place) -> Iterator[Submission]:
    """Read a list of rows, or an object with one under `articles`.

    Errors:
        OSError: the file cannot be read.
    """
    if path.stat().st_size > MAX_JSON_BYTES:
        yield rejected_row(None, str(path), f"larger than {MAX_JSON_BYTES:,} bytes; JSON Lines has no such limit")
        return
    try:
        parsed = parse_json(path.read_bytes())
    except ValueError as error:
        yield rejected_row(None, str(path), str(error))
        return
    rows = parsed.get("articles") if isinstance(parsed, dict) else parsed
    if not isinstance(rows, list):
        yield rejected_row(None, str(path), 'must be a list of articles or {"articles": [...]}')
        return
    for position, row in enumerate(rows):
        yield submission_from_row(row, f"{path}: articles[{position}]")


def read_csv(path: Place) -> Iterator[Submission]:
    """Read a CSV file whose header names the fields; other columns join the metadata, empty cells count as absent.

    Errors:
        OSError: the file cannot be read.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    with path.open(encoding=_csv_encoding(path), errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        line = 1
        try:
            header = [name.strip() for name in next(reader, [])]
            problem = _header_problem(header)
            if problem:
                yield rejected_row(None, f"{path}:1", problem)
                return
            line = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield _csv_submission(header, cells, f"{path}:{line}")
                line = reader.line_num + 1
        except (csv.Error, UnicodeError) as error:
            # Of half a character at the end, as in UTF-16, nothing can be made.
            problem = f"not {error.encoding}" if isinstance(error, UnicodeDecodeError) else f"not CSV: {error}"
            yield rejected_row(None, f"{path}:{line}", f"{problem}; the rest of the file was not read")


def count_lines(path: Place) -> int:
    """Count the lines of a file that are not empty, for a progress bar's total."""
    with path.open("rb") as file:
        return sum(1 for line in bounded_lines(file, MAX_ROW_BYTES) if line is None or line.strip())


def bounded_lines(file: IO[bytes], limit: int) -> Iterator[bytes | None]:
    """Yield the lines of a file; None stands for one longer than `limit` bytes, which is skipped unread."""
    while line := file.readline(limit + 1):
        if len(line) <= limit or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(_SAMPLE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None


def _csv_submission(header: list[str], cells: list[str], place: str) -> Submission:
    row: dict[str, object] = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
    if len(cells) != len(header):
        return rejected_row(row, place, f"has {len(cells)} cells where the header has {len(header)}")
    if "metadata" in row:
        try:
            row["metadata"] = parse_json(str(row["metadata"]))
        except ValueError as error:
            return rejected_row(row, place, f"metadata: {error}")
    return submission_from_row(row, place)


def _header_problem(header: list[str]) -> str | None:
    if not set(header) & set(BODIES):
        found = " ".join(", ".join(header[:20]).split())[:300] or "nothing"
        return f"the header needs a column text, html or content_base64; it has {found}"
    if len(set(header)) != len(header) or "" in header:
        return f"the header's columns need distinct names; known ones are {', '.join(FIELDS)}"
    return None


def _csv_encoding(path: Place) -> str:
    """Choose among UTF-8, UTF-16 with a mark, and GB18030, which Chinese spreadsheets write."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(sample, final=len(sample) < _SAMPLE_BYTES)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8-sig"


def _refuse_constant(name: str) -> object:
    raise ValueError(f"not JSON: {name} is no JSON number")
