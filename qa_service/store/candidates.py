"""Passages as scoring needs them: rows that never change, read and taken apart once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.lazy import lazy
from qa_service.store.catalog import Connection
from qa_service.store.listed import parts
from qa_service.store.packing import split_terms, unpack_spans
from qa_service.store.segments import Block
from qa_service.types import Span

_ROW_BYTES, _UNPACKED = 1000, 25
"""Bytes of a row in memory beside its BLOBs, and of sentences unpacked for each byte of them packed."""
_SHOWN = (
    "p.seq <= ? AND (p.deleted_seq IS NULL OR p.deleted_seq > ? AND EXISTS (SELECT 1 FROM articles a, articles b"
    " WHERE a.row = p.article AND b.collection = p.collection AND b.id = a.id AND b.deleted_seq IS NULL))"
)


@dataclass(frozen=True)
class Candidate:
    """What scoring needs of a passage; without slots, so that it remembers its sentences once they were unpacked."""

    key: int
    article: int
    article_id: str
    passage_id: str
    start: int
    end: int
    sentences: bytes
    terms: bytes
    words: int
    omitted: bytes
    units: bytes
    block: Block

    def spans(self) -> tuple[Span, ...]:
        """Unpack the offsets of the sentences searched."""
        return self._spans

    @lazy
    def split_terms(self) -> tuple[bytes, bytes]:
        """The packed terms' ids and frequencies."""
        return split_terms(self.terms)

    @lazy
    def _spans(self) -> tuple[Span, ...]:
        return unpack_spans(self.sentences)

    @property
    def size(self) -> int:
        """Estimate the bytes that it takes in memory, sentences unpacked."""
        taken = len(self.sentences) * _UNPACKED + 2 * len(self.terms) + len(self.omitted) + len(self.units)
        return _ROW_BYTES + taken


def candidates(connection: Connection, keys: Sequence[int], seq: int) -> list[Candidate]:
    """Read the passages among `keys` that are live in the snapshot at `seq`, in key order.

    A passage that was deleted since is left out, unless its article was replaced: then the old text is shown until
    the snapshot with the new one is there, so that the article is never missing.
    """
    rows, live = connection.kept.passages, connection.kept.live(connection.sequence(), seq)
    held = rows.get_many(keys)
    # One comparison of whole sets, as a rule.
    found = held.copy() if live.issuperset(held) else {key: row for key, row in held.items() if key in live}
    if len(found) < len(keys):
        found.update((key, held[key]) for key in _live(connection, [key for key in held if key not in found], seq))
        for row in _read(connection, [key for key in keys if key not in held], seq):
            found[row.key] = row
            rows.put(row.key, row, row.size)
        live.update(found)
    return [found[key] for key in sorted(found)]


def _live(connection: Connection, keys: Sequence[int], seq: int) -> Iterator[int]:
    """Give the passages among `keys` that are live in the snapshot at `seq`."""
    for marks, chunk in parts(keys):
        rows = connection.execute(
            f"SELECT p.key FROM passages p WHERE p.key IN ({marks}) AND {_SHOWN}",
            (*chunk, seq, seq),
        )
        yield from (key for (key,) in rows)


def _read(connection: Connection, keys: Sequence[int], seq: int) -> Iterator[Candidate]:
    """Read the passages among `keys` that are live in the snapshot at `seq`."""
    for marks, chunk in parts(keys):
        rows = connection.execute(
            'SELECT p.key, p.article, a.id, p.passage_id, p.start, p."end", p.sentences, p.terms, p.words,'
            " p.omitted, p.units, p.segment, p.slot, p.vectors, p.vectors_crc"
            " FROM passages p JOIN articles a ON a.row = p.article"
            f" WHERE p.key IN ({marks}) AND {_SHOWN}",
            (*chunk, seq, seq),
        )
        yield from (_candidate(*row) for row in rows)


def _candidate(
    key: int,
    article: int,
    article_id: str,
    pid: str,
    start: int,
    end: int,
    sentences: bytes,
    terms: bytes,
    words: int,
    omitted: bytes,
    units: bytes,
    *block: int,
) -> Candidate:
    place = Block(*block)
    return Candidate(key, article, article_id, pid, start, end, sentences, terms, words, omitted, units, place)
