"""JSON as RFC 8259 means it: one object, UTF-8, each key once, finite numbers, whole characters.

Clients of other programs' protocols send whole conversations, in which some have cut an emoji in two: there, half a
surrogate pair becomes a replacement character, and an object may have any number of members.
"""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Request

from qa_service.http.body import read_body
from qa_service.http.errors import has_own_shape
from qa_service.http.failure import FieldProblem, HttpProblem, invalid_input

MAX_MEMBERS = 1000
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING = object()
# What a value stands in, and its own part of the path.
_Place = tuple["_Place | None", str]


class StrictRequest(Request):
    """A request whose JSON is read by this module's rules, whoever asks for it."""

    _object: Any = _MISSING

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """Return the body as a dict; the arguments are Flask's and change nothing.

        Errors:
            HttpProblem: 415 for another media type, 400 for what is not a JSON object, 422 for lone surrogates.
        """
        if self._object is _MISSING:
            _check_media_type(self)
            self._object = parse_object(read_body(self), lenient=has_own_shape(self.path))
        return self._object


def parse_object(data: bytes, *, lenient: bool = False) -> dict[str, Any]:
    """Parse a JSON object.

    Parameters:
        data: UTF-8 bytes, with or without a byte order mark.
        lenient: whether it is of another program's protocol.

    Errors:
        HttpProblem: 400, naming the line and column where there is one; 422 for a lone surrogate, naming its field.
    """
    if not data.strip():
        raise _malformed("is empty", "send a JSON object")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed(f"is not UTF-8 at byte {error.start}", "encode it as UTF-8") from None
    try:
        pairs = _unique if lenient else _few
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _malformed(f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]} at {where}") from None
    except ValueError:
        raise _malformed("has a number of too many digits") from None
    except RecursionError:
        raise _malformed("is nested too deeply") from None
    if not isinstance(value, dict):
        raise _malformed("must be a JSON object", "wrap it in {...}")
    if _SURROGATE_ESCAPE.search(text):
        (_replace_surrogates if lenient else _refuse_surrogates)(value)
    return value


def _check_media_type(request: Request) -> None:
    if request.mimetype != "application/json":
        given = f"not {request.mimetype[:80]!r}" if request.mimetype else "and there is no Content-Type"
        raise _unsupported(f"the body must be application/json, {given}", "send Content-Type: application/json")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise _unsupported("JSON is always UTF-8", "leave the charset out")
    if request.content_encoding not in (None, "", "identity"):
        raise _unsupported("a compressed body is not taken", "leave Content-Encoding out")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        name = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _malformed(f"has the key {name[:80]!r} twice in one object", "keep one of them")
    return found


def _few(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = _unique(pairs)
    if len(found) > MAX_MEMBERS:
        raise _malformed(f"has an object of more than {MAX_MEMBERS} members")
    return found


def _refuse_constant(name: str) -> float:
    raise _malformed(f"is not JSON: {name} is not a number there")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _malformed("has a number too large to represent")
    return value


def _refuse_surrogates(root: dict[str, Any]) -> None:
    # Where a value stands is put together for the one that is named: written out for each, places under a long key
    # would take the length of the key times the number of values.
    waiting: list[tuple[_Place, Any]] = [((None, ""), root)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and _SURROGATE.search(value):
            remedy = "escape characters above U+FFFF as a pair, or write them as UTF-8"
            raise invalid_input([FieldProblem(_written(place), "holds half of a surrogate pair", remedy)])
        if isinstance(value, list):
            waiting.extend(((place, f"[{index}]"), item) for index, item in enumerate(value))
        elif isinstance(value, dict):
            for key, item in value.items():
                waiting.extend([((place, f".{key}"), item), ((place, " (a key)"), key)])


def _written(place: _Place | None) -> str:
    parts = []
    while place is not None:
        place, part = place
        parts.append(part)
    path = "".join(reversed(parts)).removeprefix(".")
    return f"body{path}" if path.startswith(" (") else path


def _replace_surrogates(root: dict[str, Any]) -> None:
    waiting: list[dict[str, Any] | list[Any]] = [root]
    while waiting:
        container = waiting.pop()
        keys: list[Any] = list(container) if isinstance(container, dict) else list(range(len(container)))
        for key in keys:
            value = container[key]
            if isinstance(value, str):
                container[key] = _SURROGATE.sub("\ufffd", value)
            elif isinstance(value, dict | list):
                waiting.append(value)


def _malformed(problem: str, remedy: str | None = None) -> HttpProblem:
    return HttpProblem(400, "malformed-json", [FieldProblem("body", problem, remedy)])


def _unsupported(problem: str, remedy: str) -> HttpProblem:
    return HttpProblem(415, "unsupported-media-type", [FieldProblem("Content-Type", problem, remedy)])
