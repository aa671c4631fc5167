"""The derived tables of the catalogue: word statistics, counters, lines, furniture and bands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from qa_service import learning
from qa_service.checking import cuts
from qa_service.checking.remedies import REBUILD
from qa_service.drafting import Processing
from qa_service.store import articles, bands, furniture, passages, words
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.text.units import may_be_learnt


def problems(connection: Connection, collection: Collection, processing: Processing) -> Iterator[str]:
    """Compare every derived table of a collection with what it was derived from."""
    row = collection.row
    if wrong := words.wrong_frequencies(connection, row):
        yield f"table terms: {len(wrong)} word counts do not match the passages ({REBUILD})"
    if passages.count_live(connection, row) != (collection.passages, collection.words):
        yield f"table collections: its counters do not match its passages ({REBUILD})"
    if passages.count_articles(connection, row) != collection.articles:
        yield f"table collections: its count of articles is wrong ({REBUILD})"
    if wrong_rows := wrong_lines(connection, row):
        yield f"table lines: the lines of {len(wrong_rows)} articles are wrong ({REBUILD})"
    if orphans := furniture.count_orphans(connection, row):
        yield f"table lines: {orphans} lines are of articles that are gone ({REBUILD})"
    with contextlib.suppress(ValueError):
        if stale := learning.mistaken(connection, row):
            yield f"table furniture: {len(stale)} articles leave out something else than was learnt ({REBUILD})"
    mistaken = cuts.mistaken(connection, row, processing)
    if mistaken.passages:
        yield f"table passages: {len(mistaken.passages)} articles have other passages than their texts give ({REBUILD})"
    if mistaken.bands:
        yield f"table bands: the bands of {len(mistaken.bands)} articles are wrong ({REBUILD})"
    if orphans := bands.count_orphans(connection, row):
        yield f"table bands: {orphans} bands are of passages that are gone ({REBUILD})"


def expected_lines(connection: Connection, article: int) -> set[int]:
    """Derive the lines of an article from the units of its passages."""
    found = (unit for units in furniture.units(connection, article) for unit in units.tolist())
    return {number for number, _, kind in found if may_be_learnt(number, kind)}


def wrong_lines(connection: Connection, collection: int) -> list[int]:
    """List, by row, the live articles whose lines are not those of their passages."""
    wrong = []
    for row, _ in articles.live(connection, collection):
        with contextlib.suppress(ValueError):  # its passages cannot be read: which is a problem of its own
            if furniture.prints_of(connection, row) != expected_lines(connection, row):
                wrong.append(row)
    return wrong
