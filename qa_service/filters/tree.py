"""What a filter is once it has been checked: frozen, hashable, with every value already read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qa_service.filters.dates import Moment
from qa_service.filters.values import Number, Token

Operator = Literal[
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "nin",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "empty",
    "not_empty",
    "before",
    "after",
]
OwnField = Literal["id", "title", "url", "published_at"]

OWN_FIELDS: dict[str, OwnField] = {
    "article_id": "id",
    "file_id": "id",
    "document_id": "id",
    "title": "title",
    "filename": "title",
    "url": "url",
    "published_at": "published_at",
}
METADATA_PREFIX = "metadata."


@dataclass(frozen=True, slots=True)
class Key:
    """Where values come from: the article's own field if it has one, else the metadata at `name`."""

    own: OwnField | None
    name: str

    @classmethod
    def of(cls, name: str) -> Key:
        """Read a key as it is written in a filter."""
        if name.startswith(METADATA_PREFIX):
            return cls(None, name.removeprefix(METADATA_PREFIX))
        own = OWN_FIELDS.get(name)
        return cls(own, name)

    @property
    def holds_dates(self) -> bool:
        """Whether its values are compared by time alone."""
        return self.own == "published_at"


@dataclass(frozen=True, slots=True)
class Bound:
    """What `gt` and its like compare with, read as a number and as a time; None where it does not read as one."""

    number: Number | None
    moment: Moment | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition. The operand: tokens for equality, a bound for order, text for parts of texts, else None."""

    key: Key
    operator: Operator
    operand: frozenset[Token] | Bound | str | None


@dataclass(frozen=True, slots=True)
class Junction:
    """All (`and`) or any (`or`) of some filters, at least one."""

    type: Literal["and", "or"]
    filters: tuple[Filter, ...]


Filter = Comparison | Junction


def comparisons(tree: Filter) -> Iterator[Comparison]:
    """Give every comparison of a filter, in order."""
    if isinstance(tree, Comparison):
        yield tree
    else:
        for inner in tree.filters:
            yield from comparisons(inner)
