"""Copying a catalogue into another one, row for row under the same keys; either may be a file or a database.

Tables are copied in batches in the order of their keys. How far it is, and of what, stands in the target's own table
`meta`, committed with each batch; as long as it stands there nobody serves the target. Each batch is compared with what
the target has of the same keys, so that the same walk catches up with a source that was written in between.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from qa_service.errors import Damaged, Unavailable
from qa_service.store import facts, publications
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Block, Segments

Row = tuple[Any, ...]

_MARK = "migration"
_FEW, _MUCH = 8 << 20, 32 << 20
"""Bytes of a batch under which the next one is larger, and over which it is smaller."""
_FIRST = 16


@dataclass(frozen=True, slots=True)
class Table:
    """A table, by its key.

    Attributes:
        numbered: whether the key is a number that the table gives itself.
        most: rows of one batch.
    """

    name: str
    key: tuple[str, ...]
    numbered: bool = False
    most: int = 5000


TABLES = (
    # The vectors' places before the passages that lie there.
    Table("segments", ("id",)),
    Table("collections", ("row",), numbered=True),
    Table("articles", ("row",), numbered=True),
    Table("contents", ("article",)),
    Table("audits", ("article",)),
    # Their vectors come with them.
    Table("passages", ("key",), numbered=True, most=500),
    Table("terms", ("id",), numbered=True),
    Table("lines", ("collection", "print", "article")),
    Table("furniture", ("collection", "site", "print")),
    Table("bands", ("collection", "band", "passage")),
    Table("jobs", ("id",)),
    Table("job_items", ("job", "position")),
)
APART = ("meta", "publications", "blocks")
"""Tables that each catalogue has for itself: its number of writes, which is set at the end, and its names; what its own
index shows; and in PostgreSQL the vectors, which are copied through `Segments`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a copy is.

    Attributes:
        source: identifies the catalogue that is copied.
        seq: its last write then.
        table: how many tables are complete.
        after: the last key copied of the next one.
        rows: how many rows were copied.
    """

    source: str
    seq: int
    table: int = 0
    after: tuple[int | str, ...] = ()
    rows: int = 0

    @property
    def complete(self) -> bool:
        """Whether every row is there."""
        return self.table > len(TABLES)


def read_mark(connection: Connection) -> Mark | None:
    """Read how far the copy is that a catalogue is to become; None if it is whole, or none."""
    found = facts.read(connection, _MARK)
    if found is None:
        return None
    given = json.loads(found)
    return Mark(**{**given, "after": tuple(given["after"])})


def put_mark(tx: WriteTransaction, mark: Mark) -> None:
    """Write down how far a copy is."""
    facts.put(tx, _MARK, json.dumps(asdict(mark)))


def remove_mark(tx: WriteTransaction) -> None:
    """Have a copy count as whole."""
    facts.remove(tx, _MARK)


def counts(connection: Connection) -> dict[str, int]:
    """Count the rows of every table that is copied."""
    found = ((table.name, connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]) for table in TABLES)
    return {name: int(count) for name, count in found}


def is_empty(connection: Connection) -> bool:
    """Tell whether a catalogue holds nothing yet."""
    return not any(counts(connection).values()) and not publications.stamps(connection)


@dataclass(slots=True)
class Copy:
    """Copies what a catalogue holds while the caller keeps others from writing to it, that is holds its lock.

    Attributes:
        source, target: the catalogues, with their vectors.
    """

    source: Catalog
    target: Catalog
    vectors: Segments
    target_vectors: Segments
    _limit: int = _FIRST

    def run(self, mark: Mark, advance: Callable[[int], None]) -> Mark:
        """Copy what is missing; give the mark of a complete copy.

        Parameters:
            mark: how far it is.
            advance: told of rows that are there.

        Errors:
            Damaged: vectors of the source fail their checksum. Unavailable: one of both cannot be used now, or the
            source was written meanwhile nevertheless.
        """
        while mark.table < len(TABLES):
            moved = self._step(mark)
            advance(moved.rows - mark.rows)
            mark = moved
        if mark.complete:
            return mark
        with self.source.read() as source:
            if source.sequence() != mark.seq:
                raise Unavailable(
                    "it was written while it was copied", field=self.source.where, remedy="run the same command again"
                )
            numbers = {one: source.last_number(one.name, one.key[0]) for one in TABLES if one.numbered}
        mark = replace(mark, table=len(TABLES) + 1)
        with self.target.writer_lock():
            with self.target.write() as tx:
                for table, last in numbers.items():
                    tx.connection.number_on(table.name, table.key[0], last)
                facts.put(tx, "seq", str(mark.seq))
                put_mark(tx, mark)
            self.target_vectors.remove_unknown()
        return mark

    def _step(self, mark: Mark) -> Mark:
        """Copy a batch."""
        table = TABLES[mark.table]
        limit = min(self._limit, table.most)
        with self.source.read() as connection:
            columns, rows = _batch(connection, table, mark.after, limit)
        places = [columns.index(name) for name in table.key]
        last = len(rows) < limit
        reached = () if last else tuple(rows[-1][place] for place in places)
        moved = replace(mark, table=mark.table + last, after=reached, rows=mark.rows + len(rows))
        with self.target.writer_lock(), self.target.write() as tx:
            names = ", ".join(f'"{name}"' for name in columns)
            fresh = _cleared(tx.connection, table, names, places, rows, (mark.after, reached))
            if table.name == "segments":
                for number, _, dim, records in fresh:
                    self.target_vectors.lay_out(number, dim, records)
            if table.name == "passages":
                self._put_vectors(tx, columns, fresh)
            marks = ", ".join("?" * len(columns))
            tx.connection.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", fresh)
            put_mark(tx, moved)
        size = sum(len(value) for row in rows for value in row if isinstance(value, bytes | str))
        self._limit = _FIRST if last else limit * 2 if size < _FEW else max(1, limit // 2) if size > _MUCH else limit
        return moved

    def _put_vectors(self, tx: WriteTransaction, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Copy the vectors of passages, each block once."""
        places = [columns.index(name) for name in ("segment", "slot", "vectors", "vectors_crc")]
        blocks = sorted({Block(*(row[place] for place in places)) for row in rows}, key=lambda b: (b.segment, b.slot))
        blocks = [block for block in blocks if block.vectors]
        if not blocks:
            return
        placed = []
        for segment in sorted({block.segment for block in blocks}):
            own = [block for block in blocks if block.segment == segment]
            for block, vectors in zip(own, self.vectors.read_all(own), strict=True):
                if zlib.crc32(vectors.astype("<f4").tobytes()) != block.crc:
                    raise Damaged(
                        f"the vectors at slot {block.slot} fail their checksum",
                        field=self.vectors.name(segment),
                        remedy="run `qa-service rebuild` on what is copied, then the same command again",
                    )
                placed.append((block, vectors))
        self.target_vectors.put(tx, placed)


def _batch(connection: Connection, table: Table, after: Sequence[int | str], limit: int) -> tuple[list[str], list[Row]]:
    """Read the columns of a table and its next rows."""
    where, values = _range(table, after, ())
    order = ", ".join(table.key)
    cursor = connection.execute(f"SELECT * FROM {table.name}{where} ORDER BY {order} LIMIT ?", (*values, limit))
    return [column[0] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]


def _cleared(
    connection: Connection,
    table: Table,
    names: str,
    places: Sequence[int],
    rows: Sequence[Row],
    between: tuple[Sequence[int | str], Sequence[int | str]],
) -> list[Row]:
    """Remove what a target has, in a range of keys, other than these rows; give the rows that it lacks then."""
    after, reached = between
    if not reached:
        # The last batch: what lies beyond may be any number of rows, and is read by nobody.
        end = tuple(rows[-1][place] for place in places) if rows else after
        where, values = _range(table, end, ())
        connection.execute(f"DELETE FROM {table.name}{where}", values)
        reached = end
    where, values = _range(table, after, reached)
    found = connection.execute(f"SELECT {names} FROM {table.name}{where}", values).fetchall() if rows else []
    there, given = {tuple(row) for row in found}, set(rows)
    doomed = sorted({tuple(row[place] for place in places) for row in there - given})
    one = " AND ".join(f"{name} = ?" for name in table.key)
    connection.executemany(f"DELETE FROM {table.name} WHERE {one}", doomed)
    return [row for row in rows if row not in there]


def _range(table: Table, after: Sequence[int | str], up_to: Sequence[int | str]) -> tuple[str, list[int | str]]:
    """Write the condition of the keys beyond one, or of all, and at most up to another."""
    names, marks = ", ".join(table.key), ", ".join("?" * len(table.key))
    conditions = [f"({names}) {sign} ({marks})" for sign, end in ((">", after), ("<=", up_to)) if end]
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", [*after, *up_to]
