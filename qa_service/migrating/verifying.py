"""Comparing a target with its source: rows counted, articles of a sample verified, and questions asked of both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_service.checking.stored import faults
from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.store import articles, collections, copying, entries, passages
from qa_service.store.catalog import Catalog, Connection
from qa_service.types import Ask, Result

if TYPE_CHECKING:
    from qa_service.migrating.moving import Track


class Differs(Damaged):
    """A target is not what its source is; the detail says in what."""


_NEAR = 1e-6
"""By how much scores may differ that were computed among other candidates."""
_CHARS = 200
_REMEDY = "run the same command again; if it still differs, run `qa-service check` on what is moved"


def check_counts(source: Catalog, target: Catalog) -> None:
    """Make sure that both have as many rows of everything.

    Errors:
        Differs: they have not.
    """
    with source.read() as one, target.read() as other:
        wanted, found = copying.counts(one), copying.counts(other)
    for table, count in wanted.items():
        if found[table] != count:
            raise _differs(f"{table} has {found[table]} rows here and {count} in the source", target)


def check_answers(source: Engine, target: Engine, questions: int, track: Track) -> int:
    """Verify articles of a sample, and ask both what stands in them; return how many questions that were.

    Errors:
        Differs: something is wrong with the target, or answers differ.
    """
    source.opened.follow_all()
    with target.catalog.read() as connection:
        found = [one for one in collections.every(connection) if one.passages]
    for one in found:
        for trouble in target.generations.unfit(one):
            raise _differs(f"collection {one.name}: {trouble}", target.catalog)
    asked = 0
    with track("comparing", "questions") as begin:
        advance = begin(questions)
        for one, key in _sample(target.catalog, found, questions):
            with target.catalog.read() as connection:
                [passage] = entries.searched(connection, [key])
                for fault in faults(connection, one.name, passage.article, target.segments):
                    raise _differs(f"collection {one.name}: {fault.problem}", target.catalog)
                question = _question(connection, passage.article, passage.start)
            if question:
                _compare(source, target, Ask(question, one.name))
                asked += 1
            advance(1)
    return asked


def _sample(
    catalog: Catalog, found: list[collections.Collection], wanted: int
) -> Iterator[tuple[collections.Collection, int]]:
    """Give so many passages of all collections, those of each spread evenly."""
    shares = _shares([one.passages for one in found], wanted)
    for one, share in zip(found, shares, strict=True):
        with catalog.read() as connection:
            keys = entries.added(connection, one.row, -1, one.seq)
        count = min(share, len(keys))
        yield from ((one, keys[(2 * number + 1) * len(keys) // (2 * count)]) for number in range(count))


def _shares(sizes: list[int], wanted: int) -> list[int]:
    """Part a number among collections by their sizes, with one for each as long as there are enough."""
    if not sizes or not wanted:
        return [0] * len(sizes)
    left = [min(1, wanted - number) if number < wanted else 0 for number in range(len(sizes))]
    more = wanted - sum(left)
    ends = [more * end // sum(sizes) for end in itertools.accumulate(sizes)]
    return [one + end - start for one, end, start in zip(left, ends, [0, *ends], strict=False)]


def _question(connection: Connection, article: int, start: int) -> str:
    """Make a question of a sentence in the middle of a passage; "" where nothing of it can be asked."""
    text = articles.original_text(connection, article)
    spans = next(one.sentences for one in passages.of_article(connection, article) if one.start == start)
    middle = spans[len(spans) // 2]
    kept = "".join(char if char.isprintable() else " " for char in text[middle.start : middle.end])
    return " ".join(kept.split())[:_CHARS]


def _compare(source: Engine, target: Engine, ask: Ask) -> None:
    wanted, found = source.ask(ask), target.ask(ask)
    numbers = zip(_scores(wanted), _scores(found), strict=False)
    if _shown(wanted) != _shown(found) or any(abs(one - other) > _NEAR for one, other in numbers):
        raise _differs(
            f"collection {ask.collection}: it answers {ask.question!r} in another way than the source", target.catalog
        )


def _scores(result: Result) -> list[float]:
    return [result.confidence, *(one.score for one in result.passages)]


def _shown(result: Result) -> object:
    shown = [
        (one.passage_id, one.article_id, one.text, one.start, one.end, sorted(map(str, one.also_in)))
        for one in result.passages
    ]
    return result.answerable, result.answer, shown


def _differs(what: str, target: Catalog) -> Differs:
    return Differs(what, field=target.where, remedy=_REMEDY)
