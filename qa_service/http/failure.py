"""An error on its way to a response: what every shape of errors is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


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


def invalid_input(problems: Iterable[FieldProblem]) -> HttpProblem:
    """Make the 422 that reports these problems."""
    return HttpProblem(422, "invalid-input", problems)
