"""Moving vectors out of segments that hold dead ones, so that those are gone when the segment's file is removed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Block, Segments

_AT_ONCE = 2000
"""Blocks moved by one transaction: other writers get their turn between two."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a segment live passages need, in records."""

    segment: int
    fingerprint: str
    dim: int
    records: int
    live: int

    def is_worth_leaving(self, least_dead: float) -> bool:
        """Tell whether at least such a share of it is dead, and any at all."""
        dead = self.records - self.live
        return dead > 0 and dead >= least_dead * self.records


def usage(connection: Connection, segments: Segments) -> list[Usage]:
    """Tell of every segment how much of it is in use; of none where what is dead goes by itself."""
    if not segments.keeps_dead:
        return []
    rows = connection.execute(
        "SELECT segment, sum(vectors) FROM (SELECT DISTINCT segment, slot, vectors FROM passages"
        " WHERE deleted_seq IS NULL AND vectors > 0) used GROUP BY segment"
    )
    live = dict(rows.fetchall())
    return [Usage(number, *given, live.get(number, 0)) for number, given in segments.committed(connection).items()]


def leave(catalog: Catalog, segments: Segments, dirty: Sequence[Usage]) -> None:
    """Move everything that is live out of segments; their files stay, for those who still read them.

    A crash leaves some of it moved, which is as good as before.

    Errors:
        Damaged: a block fails its checksum. Unavailable: the data directory cannot be written.
    """
    numbers = {one.segment for one in dirty}
    for fingerprint, dim in sorted({(one.fingerprint, one.dim) for one in dirty}):
        with catalog.writer_lock(), catalog.write() as tx:
            known = segments.committed(tx.connection)
            own = [number for number, (of, size, _) in known.items() if (of, size) == (fingerprint, dim)]
            # What is written from now on must not go into one that is left; and no number is ever given twice.
            # There is none where another process has removed them meanwhile.
            if own and max(own) in numbers:
                segments.start(tx, fingerprint, dim)
    for one in dirty:
        while _move_some(catalog, segments, one):
            pass
    catalog.forget_kept()


def forget_left(catalog: Catalog, segments: Segments, dirty: Sequence[Usage]) -> list[Usage]:
    """Remove segments that no passage refers to any more; the caller has published bases that need none of them.

    Returns:
        Those that have to stay: since they were left, a text was handed in again whose vectors are in them.
    """
    with catalog.writer_lock():
        with catalog.write() as tx:
            rows = tx.connection.execute("SELECT DISTINCT segment FROM passages WHERE vectors > 0")
            needed = {segment for (segment,) in rows}
            gone = [one for one in dirty if one.segment not in needed]
            last = max(segments.committed(tx.connection), default=0)
            for one in gone:
                if one.segment == last:
                    segments.start(tx, one.fingerprint, one.dim)
            segments.forget(tx, [one.segment for one in gone])
        segments.remove_unknown()
    return [one for one in dirty if one.segment in needed]


def _move_some(catalog: Catalog, segments: Segments, one: Usage) -> bool:
    """Move some of a segment's blocks; False when none is left."""
    with catalog.read() as connection:
        found = _live(connection, one.segment)
    if not found:
        return False
    blocks = itertools.groupby(found, key=lambda row: row[1])
    while part := [(block, [key for key, _ in rows]) for block, rows in itertools.islice(blocks, _AT_ONCE)]:
        # Copied: what is mapped may belong to a file that grows meanwhile.
        data = [segments.checked(block).copy() for block, _ in part]
        with catalog.writer_lock(), catalog.write() as tx:
            placed = segments.append(tx, one.fingerprint, data)
            changes = ((old, new, key) for (old, keys), new in zip(part, placed, strict=True) for key in keys)
            _place(tx, changes)
    return True


def _live(connection: Connection, segment: int) -> list[tuple[int, Block]]:
    """List the live passages with vectors in a segment, by key and place, in the order of the places."""
    rows = connection.execute(
        "SELECT key, slot, vectors, vectors_crc FROM passages WHERE segment = ? AND deleted_seq IS NULL AND vectors > 0"
        " ORDER BY slot, key",
        (segment,),
    )
    return [(key, Block(segment, *place)) for key, *place in rows]


def _place(tx: WriteTransaction, changes: Iterator[tuple[Block, Block, int]]) -> None:
    tx.connection.executemany(
        "UPDATE passages SET segment = ?, slot = ? WHERE key = ? AND segment = ? AND slot = ?",
        ((new.segment, new.slot, key, old.segment, old.slot) for old, new, key in changes),
    )
