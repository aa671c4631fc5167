"""Verifying what is stored, and making again what can be derived."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa_service import learning
from qa_service.checking import cuts, indexes, tables
from qa_service.checking.remedies import REBUILD, RESTORE, all_told
from qa_service.checking.stored import faults
from qa_service.drafting import Processing
from qa_service.errors import Damaged
from qa_service.index.indexes import Indexes
from qa_service.index.manifest import LegEntry
from qa_service.index.recall import TARGET
from qa_service.ingest import Ingestor
from qa_service.store import articles, bands, collections, furniture, moves, passages, words
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
"""Looks for segments that others remove at the same moment."""


def check(catalog: Catalog, segments: Segments, generations: Indexes, processing: Processing) -> list[str]:
    """Verify everything stored; return the problems, each with its place and what to run.

    That is: SQLite's own structures; rows, bytes, texts, accounts, offsets and vectors of every live article; the
    tables derived from them; segment files; every file of the published generations by its checksum; and that each live
    passage is in exactly one place of them, none that is gone in any. Others may write meanwhile: articles and tables
    are verified as of one moment, the generation of each collection as of a later one.
    """
    problems: list[str] = []
    name = Path(catalog.where).name
    try:
        generations.ensure_none_lost()
    except Damaged as error:
        problems.append(str(error))
    with catalog.text_as_found() as damaged:
        with _steadily(catalog, segments) as (connection, lost):
            found = collections.every(connection)
            problems.extend(f"{name}: {message} ({RESTORE})" for message in catalog.integrity_problems())
            problems.extend(f"{message} ({REBUILD})" for message in lost)
            for collection in found:
                problems.extend(_stored(connection, collection, segments, processing))
            catalog.read_all_text(connection)
        for collection in found:
            told = all_told(indexes.problems(catalog, collection.row, generations), "its indexes")
            problems.extend(f"collection {collection.name}: {problem}" for problem in told)
        problems.extend(
            f"{name}: a text is not UTF-8: {text[:80]!r} ({REBUILD}; if that does not mend it, {RESTORE})"
            for text in sorted(damaged)
        )
    return problems


@contextlib.contextmanager
def _steadily(catalog: Catalog, segments: Segments) -> Iterator[tuple[Connection, list[str]]]:
    """Read a state of the catalogue with its segments held, whoever removes them meanwhile; tell what they lack."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        with catalog.read() as connection:
            segments.hold_committed(connection)
            lost = segments.problems(connection)
            # One that was removed just now is none of what is committed by the next look.
            if not lost or not attempts_left:
                yield connection, list(lost.values())
                return


def _stored(
    connection: Connection, collection: Collection, segments: Segments, processing: Processing
) -> Iterator[str]:
    found = itertools.chain(
        _check_articles(connection, collection, segments),
        all_told(tables.problems(connection, collection, processing), "its tables"),
    )
    return (f"collection {collection.name}: {problem}" for problem in found)


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of an exact search one vector index of a collection's base finds; `kind`: of windows or sentences."""

    collection: str
    kind: str
    leg: LegEntry

    @property
    def missed(self) -> bool:
        """Tell whether that is less than it should be."""
        return self.leg.recall is None or self.leg.recall < TARGET


def measure_recall(catalog: Catalog, generations: Indexes, name: str | None, queries: int) -> list[Recall]:
    """Measure and record the recall of the bases of a collection, or of all.

    Errors:
        NotFound: no such collection.
    """
    with catalog.read() as connection:
        found = collections.every(connection) if name is None else [collections.get(connection, name)]
    measured: list[Recall] = []
    for collection in found:
        entry = generations.measure(collection, queries)
        if entry is not None and entry.windows is not None and entry.sentences is not None:
            measured.append(Recall(collection.name, "windows", entry.windows))
            measured.append(Recall(collection.name, "sentences", entry.sentences))
    return measured


def _check_articles(connection: Connection, collection: Collection, segments: Segments) -> Iterator[str]:
    for row, article_id in articles.live(connection, collection.row):
        found = (fault.problem for fault in faults(connection, collection.name, row, segments))
        yield from (f"article {article_id!r}: {problem}" for problem in all_told(found, "it"))


def rebuild(catalog: Catalog, segments: Segments, generations: Indexes, ingestor: Ingestor) -> None:
    """Process articles made with other settings, or of which something is damaged, anew; then build every base.

    Whatever is derived is made again from the bytes that were given: texts, accounts, passages, words, lines, bands,
    furniture, vectors, counters and indexes. Encodes only what has to be. May be stopped and started again; the old
    indexes stay published until a collection is complete. Articles that another process replaces or deletes meanwhile
    are left as that made them.
    """
    with catalog.text_as_found():
        _rebuild(catalog, segments, generations, ingestor)


def _rebuild(catalog: Catalog, segments: Segments, generations: Indexes, ingestor: Ingestor) -> None:
    with catalog.writer_lock():
        with catalog.read() as connection:
            found = collections.every(connection)
        # What a catalogue that lost its last writes does not know any more.
        generations.accept_loss()
        generations.erase_unknown({collection.row for collection in found})
    for collection in found:
        _forget_damaged(catalog, segments, collection, ingestor.processing)
    for collection in found:
        with catalog.writer_lock(), catalog.write() as tx:
            _restore_tables(tx, collection)
        with catalog.read() as connection:
            rows = articles.outdated(connection, collection.row, generations.versions.pipeline)
        ingestor.reprocess(rows, collection.name)
        ingestor.settle(collection.name, publish=False)
        with catalog.read() as connection:
            mistaken = learning.mistaken(connection, collection.row)
        ingestor.reprocess(mistaken, collection.name)
    with catalog.read() as connection:
        lost = segments.problems(connection)
        left = [one for one in moves.usage(connection, segments) if one.segment in lost]
    moves.leave(catalog, segments, left)
    for collection in found:
        with catalog.read() as connection:
            current = collections.find(connection, collection.name)
        if current is not None:
            generations.compact(current, anew=True)
    if left:
        moves.forget_left(catalog, segments, left)


def _restore_tables(tx: WriteTransaction, collection: Collection) -> None:
    """Set right what follows from the rows of articles and passages alone."""
    words.recount(tx, collection.row)
    passages.recount(tx, collection.row)
    furniture.remove_orphans(tx, collection.row)
    bands.remove_orphans(tx, collection.row)
    for row in tables.wrong_lines(tx.connection, collection.row):
        furniture.restore(tx, collection.row, row, tables.expected_lines(tx.connection, row))


def _forget_damaged(catalog: Catalog, segments: Segments, collection: Collection, processing: Processing) -> None:
    """Mark articles of which something is damaged, so that they are processed again, and no damaged block is reused."""
    with catalog.read() as connection:
        live = articles.live(connection, collection.row)
        found = [fault for row, _ in live for fault in faults(connection, collection.name, row, segments)]
        late = words.articles_with_unknown(connection, collection.row)
        mistaken = cuts.mistaken(connection, collection.row, processing)
        late.update(mistaken.passages, mistaken.bands)
    for fault in found:
        if not fault.derived:
            logger.error("article in row %d: %s", fault.row, fault.problem)
    # What is not as it was given is not made anew of it.
    left = {fault.row for fault in found if not fault.derived}
    late.update(fault.row for fault in found if fault.row not in left)
    blocks = [fault.block for fault in found if fault.block is not None]
    if not late:
        return
    with catalog.writer_lock(), catalog.write() as tx:
        for block in blocks:
            late.update(passages.forget_block(tx, block))
        for row in sorted(late):
            articles.mark_outdated(tx, row)
