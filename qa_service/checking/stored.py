"""Articles: their bytes and texts, what was done to them, offsets, and the vectors of their passages."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from qa_service.checking.remedies import REBUILD, RESTORE
from qa_service.errors import Damaged, NotFound, QAError
from qa_service.store import articles, audits, entries, furniture, passages, soundness
from qa_service.store.catalog import Connection
from qa_service.store.segments import Block, Segments


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with an article.

    Attributes:
        row: the article's.
        problem: what, where, and what to run.
        derived: whether it can be made again from the bytes that were given.
        block: the vectors that are damaged, if they are.
    """

    row: int
    problem: str
    derived: bool
    block: Block | None = None


def faults(connection: Connection, collection: str, row: int, segments: Segments) -> Iterator[Fault]:
    """Verify one live article of a collection.

    Damage of what was given, or is the only copy of a text, can't be mended here; of anything else it can.
    """
    whole = articles.content_is_whole(connection, row)
    lost = list(_lost(connection, row, whole))
    yield from lost
    text = ""
    try:
        text = articles.original_text(connection, row)
    except (Damaged, NotFound, UnicodeDecodeError) as error:
        if not whole:
            return
        yield Fault(row, f"{_told(error)} ({REBUILD})", derived=True)
        return
    try:
        audits.edits(connection, row)
        audits.audit(connection, row, text)
    except (Damaged, ValueError, KeyError, zlib.error) as error:
        yield Fault(row, f"{_told(error)} ({REBUILD})", derived=True)
    try:
        # Their ids are made of those of the article and its bytes.
        if not lost:
            soundness.check_places(connection, collection, row)
    except Damaged as error:
        yield Fault(row, f"{error.detail} ({REBUILD})", derived=True)
    try:
        furniture.units(connection, row)
        yield from _offsets(connection, row, len(text))
    except ValueError as error:
        yield Fault(row, f"its passages cannot be read: {error} ({REBUILD})", derived=True)
    for entry in entries.of_article(connection, row):
        try:
            segments.verify(entry.block)
        except Damaged as error:
            where = f"{error.field}, records {entry.block.slot} to {entry.block.slot + entry.block.vectors - 1}"
            yield Fault(row, f"{where}: {error.detail} ({REBUILD})", derived=True, block=entry.block)


def _lost(connection: Connection, row: int, whole: bool) -> Iterator[Fault]:
    """Tell what is not as it was given."""
    if not whole:
        yield Fault(row, f"the bytes that were given fail their checksum ({RESTORE})", derived=False)
    try:
        soundness.check_row(connection, row)
    except Damaged as error:
        yield Fault(row, f"{error.detail} ({RESTORE})", derived=False)


def _offsets(connection: Connection, row: int, length: int) -> Iterator[Fault]:
    end = 0
    for passage in passages.of_article(connection, row):
        spans = sorted((*passage.sentences, *passage.omitted), key=lambda span: span.start)
        inside = bool(spans) and all(passage.start <= s.start < s.end <= passage.end for s in spans)
        apart = all(one.end <= other.start for one, other in itertools.pairwise(spans))
        if not (end <= passage.start < passage.end <= length) or not inside or not apart:
            problem = f"passage {passage.passage_id} does not lie in the text ({REBUILD})"
            yield Fault(row, problem, derived=True)
        end = passage.end


def _told(error: Exception) -> str:
    """Tell an error without its own remedy."""
    return f"{error.field}: {error.detail}" if isinstance(error, QAError) else str(error)
