"""Which conditions of a filter an article fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qa_service.explanation import FailedCondition
from qa_service.filters.tree import METADATA_PREFIX, OWN_FIELDS, Comparison, Filter, Key
from qa_service.filters.values import Other, atoms_at, clean
from qa_service.store import attributes
from qa_service.store.catalog import Connection

MOST_VALUES = 5
MOST_CHARS = 200
"""What is told of an article's values for a key."""


def failed_conditions(
    connection: Connection, article: int, tree: Filter, admits: Callable[[Filter], bool]
) -> tuple[FailedCondition, ...]:
    """Name the comparisons that keep an article out: of `and` those that fail, of `or` all.

    Parameters:
        article: its row.
        admits: tells whether a filter admits it.
    """
    failed = dict.fromkeys(_failed(tree, admits))
    return tuple(FailedCondition(_name(one.key), one.operator, _values(connection, article, one.key)) for one in failed)


def _failed(tree: Filter, admits: Callable[[Filter], bool]) -> Iterator[Comparison]:
    if admits(tree):
        return
    if isinstance(tree, Comparison):
        yield tree
    else:
        for inner in tree.filters:
            yield from _failed(inner, admits)


def _name(key: Key) -> str:
    """Write a key as filters do."""
    return METADATA_PREFIX + key.name if key.own is None and key.name in OWN_FIELDS else key.name


def _values(connection: Connection, article: int, key: Key) -> tuple[str, ...]:
    """Give an article's values for a key, as a filter sees them."""
    for _, own, metadata in attributes.values(connection, [article], key.own):
        atoms = [own] if own and clean(own) else atoms_at(metadata, key.name)
        texts = ["an object" if isinstance(atom, Other) else str(atom)[:MOST_CHARS] for atom in atoms]
        return tuple(dict.fromkeys(texts))[:MOST_VALUES]
    return ()
