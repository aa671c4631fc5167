"""An error on its way to a response: what every shape of errors is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_LONGEST_PROBLEM = 1000


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong: where, what, and what to do about it."""

    field: str | None
    problem: str
    remedy: str | None = None


class HttpProblem(Exception):
    """An error with its status and kind already decided at the edge."""

    def __init__(
        self, status: int, kind: str, problems: Iterable[FieldProblem], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.kind = kind
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        super().__init__(kind)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as every shape is made of it: `kind` is a key of `TITLES`, `problems` has at least one entry."""

    status: int
    kind: str
    problems: tuple[FieldProblem, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The first problem in a line, with its field and its remedy."""
        first = self.problems[0]
        where = f"{first.field}: " if first.field else ""
        remedy = f" ({first.remedy})" if first.remedy else ""
        return f"{where}{first.problem[:_LONGEST_PROBLEM]}{remedy}"


def error_json(body: Mapping[str, object]) -> bytes:
    """Write the body of an error; what comes from outside in it may hold halves of surrogate pairs."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def invalid_input(problems: Iterable[FieldProblem]) -> HttpProblem:
    """Make the 422 that reports these problems."""
    return HttpProblem(422, "invalid-input", problems)
