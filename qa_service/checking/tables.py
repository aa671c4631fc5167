"""The derived tables of the catalogue: word statistics, counters, lines, furniture and bands."""

from __future__ import annotations

from collections.abc import Iterator

from qa_service import learning
from qa_service.checking.remedies import REBUILD
from qa_service.cutting import Cutting
from qa_service.errors import QAError
from qa_service.store import articles, audits, bands, furniture, passages, words
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.text.edits import repaired_slice
from qa_service.text.prints import bands_of, canonical
from qa_service.text.units import LOCAL, OMITTED, may_be_learnt


def problems(connection: Connection, collection: Collection, cutting: Cutting) -> Iterator[str]:
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
    if mistaken := learning.mistaken(connection, row):
        yield f"table furniture: {len(mistaken)} articles leave out something else than was learnt ({REBUILD})"
    if wrong_rows := wrong_bands(connection, row, cutting):
        yield f"table bands: the bands of {len(wrong_rows)} articles are wrong ({REBUILD})"
    if orphans := bands.count_orphans(connection, row):
        yield f"table bands: {orphans} bands are of passages that are gone ({REBUILD})"


def expected_lines(connection: Connection, article: int) -> set[int]:
    """Derive the lines of an article from the units of its passages."""
    found = (unit for units in furniture.units(connection, article) for unit in units.tolist())
    return {number for number, _, kind in found if may_be_learnt(number, kind)}


def wrong_lines(connection: Connection, collection: int) -> list[int]:
    """List, by row, the live articles whose lines are not those of their passages."""
    return [
        row
        for row, _ in articles.live(connection, collection)
        if furniture.prints_of(connection, row) != expected_lines(connection, row)
    ]


def wrong_bands(connection: Connection, collection: int, cutting: Cutting) -> list[int]:
    """List, by row, the live articles whose bands are not those of their sentences."""
    return [row for row, _ in articles.live(connection, collection) if _bands_are_wrong(connection, row, cutting)]


def _bands_are_wrong(connection: Connection, row: int, cutting: Cutting) -> bool:
    stored = bands.of_article(connection, row)
    try:
        text, edits = articles.original_text(connection, row), audits.edits(connection, row)
    except (QAError, UnicodeDecodeError):
        return False  # which is a problem of its own
    found = {
        key: {
            band
            for span in sentences
            for band in bands_of(canonical(repaired_slice(text, span.start, span.end, edits)))
        }
        for key, sentences in passages.sentences_of_article(connection, row)
    }
    if {key: own for key, own in found.items() if own} == stored:
        return False
    # Where one stretch was repaired into several sentences, only cutting the article again tells.
    units = [unit for packed in furniture.units(connection, row) for unit in packed.tolist()]
    learnt = {number for number, _, kind in units if kind & OMITTED and not kind & LOCAL}
    cut = cutting.cut(text, lambda prints: learnt & set(prints))
    wanted = [set(passage.bands) for passage in cut.passages]
    return wanted != [stored.get(key, set()) for key, _ in passages.sentences_of_article(connection, row)]
