"""Targets of what requests and rows hold: JSON, filters, metadata conditions, rows of files, user dictionaries."""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from targets import REFUSED, TAKEN, Target, promise

from qa_service.errors import BadInput, ConfigError
from qa_service.filters import dify, parsing
from qa_service.filters.paths import KnownNames, Paths
from qa_service.filters.tree import comparisons
from qa_service.filters.values import other_tokens, own_token
from qa_service.http.failure import HttpProblem
from qa_service.http.strict_json import parse_object
from qa_service.readers.formats import read_csv, read_json, read_jsonl
from qa_service.text.user_dict import read_user_dict

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
_NAMES = (
    "type",
    "key",
    "value",
    "filters",
    "conditions",
    "name",
    "comparison_operator",
    "logical_operator",
    "a",
    "a.b",
)
_TEXTS = (
    *("and", "or", "eq", "ne", "in", "nin", "gt", "lte", "before", "contains", "empty", "published_at", "metadata.a"),
    *(
        "title",
        "now-7d",
        "today+1m",
        "2024-05-31",
        "2024年5月31日",
        "1e308",
        "99999999999999",
        "{{#x#}}",
        "",
        " ",
        "\ud800",
    ),
    *("is", "not empty", "≥", "start with", "a,b", "true", "0" * 300),
)
_SCALARS: tuple[Any, ...] = (None, True, False, 0, -1, 2**61 - 1, 10**400, 0.5, float("inf"), 1e300)
_MOST_DEPTH = 40


class Maker:
    """Makes a JSON value out of bytes, so that any bytes are a value of nearly the right shape."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def _next(self) -> int:
        return next(self._data, 0)

    def value(self, depth: int = 0) -> Any:
        """Make a value."""
        kind = self._next() % 8
        if depth >= _MOST_DEPTH or kind < 3:
            return self._single(kind)
        if kind == 3:
            return [self.value(depth + 1) for _ in range(self._next() % 5)]
        if kind == 4:
            return {_NAMES[self._next() % len(_NAMES)]: self.value(depth + 1) for _ in range(self._next() % 6)}
        if kind == 5:
            return {"type": self._text(), "key": self._text(), "value": self.value(depth + 1)}
        if kind == 6:
            return {"type": self._text(), "filters": [self.value(depth + 1) for _ in range(self._next() % 4)]}
        condition = {"name": self._text(), "comparison_operator": self._text(), "value": self.value(depth + 1)}
        return {"logical_operator": self._text(), "conditions": [condition]}

    def _single(self, kind: int) -> Any:
        if kind == 1:
            return self._text()
        if kind == 2:
            return struct.unpack("<q", bytes(self._next() for _ in range(8)))[0]
        return _SCALARS[self._next() % len(_SCALARS)]

    def _text(self) -> str:
        return _TEXTS[self._next() % len(_TEXTS)]


def _filters(data: bytes) -> str:
    value = Maker(data).value()
    outcome = REFUSED
    for parse in (parsing.parse_filter, dify.parse_metadata_condition):
        try:
            found = parse(value, now=NOW)
        except BadInput as error:
            promise(error.field and error.detail and error.remedy, "a refusal names field, problem and remedy")
            promise("\n" not in str(error), "a refusal is one line")
            continue
        outcome = TAKEN
        if found is not None:
            promise(hash(found) is not None and list(comparisons(found)), "a filter compares something")
    return outcome


def _metadata(data: bytes) -> str:
    value = Maker(data).value()
    if not isinstance(value, dict):
        return REFUSED
    names = KnownNames()
    names.learn(value)
    for atoms in Paths(_NAMES).values(value).values():
        for atom in atoms:
            hash((own_token(atom), *other_tokens(atom)))
    return TAKEN


def _json(data: bytes) -> str:
    lenient = bool(data and data[0] & 1)
    try:
        found = parse_object(data[1:], lenient=lenient)
    except HttpProblem as error:
        promise(400 <= error.status < 500 and error.problems, "a refusal is the client's fault, and says so")
        return REFUSED
    promise(found == json.loads(data[1:].decode("utf-8-sig")) or lenient, "what is taken is what was sent")
    json.dumps(found).encode("utf-8")
    return TAKEN


def _json_seeds() -> Iterator[bytes]:
    for first in b"\0\1":
        yield (
            bytes([first])
            + '{"question": "几点？", "top_k": 5, "filters": {"type": "eq", "key": "a", "value": [1.5, null]}}'.encode()
        )
        yield bytes([first]) + b'\xef\xbb\xbf{"messages": [{"role": "user", "content": "\\ud83d\\ude00"}], "x": -1e-3}'


def _rows(suffix: str, read: Callable[[Path], Iterator[Any]]) -> Callable[[bytes], str]:
    folder = Path(tempfile.mkdtemp(prefix="qa-fuzz-"))

    def check(data: bytes) -> str:
        path = folder / f"rows{suffix}"
        path.write_bytes(data)
        outcome = REFUSED
        for row in read(path):
            if row.rejection is None:
                outcome = TAKEN
                promise(isinstance(row.content, bytes), "a row has content")
            else:
                promise("\n" not in row.rejection.replace(str(path), ""), "a refusal is one line")
        return outcome

    return check


def _user_dict(data: bytes) -> str:
    path = Path(tempfile.gettempdir()) / "qa-fuzz-user-dict"
    path.write_bytes(data)
    try:
        read_user_dict(path)
    except ConfigError:
        return REFUSED
    return TAKEN


_SHAPES = (bytes([5, 2, 1, 0]), bytes([6, 0, 2, 5, 2, 13, 1, 3]), bytes([7, 0, 1, 25, 1, 3]), bytes(range(40)))
_ROW = '{"id": "a", "text": "文", "metadata": {"b": [1, {"c": null}]}, "published_at": "2024-05-31"}'
_DICT = "登革热 100 n\n公交 = 公共汽车 = 巴士 # 同义\n".encode()

TARGETS = (
    Target("filters", lambda: _SHAPES, _filters),
    Target("metadata", lambda: _SHAPES, _metadata),
    Target("json", _json_seeds, _json, (b"\\ud800", b"1e999", b"NaN", b"[", b'{"a":', b"\\u0000", b"0" * 30)),
    Target("jsonl", lambda: [f"{_ROW}\n{_ROW}\n".encode()], _rows(".jsonl", read_jsonl)),
    Target("json-rows", lambda: [f'{{"articles": [{_ROW}]}}'.encode()], _rows(".json", read_json)),
    Target(
        "csv",
        lambda: ['id,text,metadata\na,"文",{}\n'.encode(), "text\n文\n".encode("utf-16")],
        _rows(".csv", read_csv),
    ),
    Target("user-dict", lambda: [_DICT], _user_dict),
)
