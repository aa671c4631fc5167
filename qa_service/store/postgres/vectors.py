"""Vectors in the catalogue's database: a row for each block, and those read of late in memory.

Slots are given in order and never twice, so that what is remembered of one stays true. A block goes with the last
passage that refers to it; see the trigger in `migrations`.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.postgres.records import RecentRecords
from qa_service.store.segments import Block, Segments

if TYPE_CHECKING:
    from qa_service.store.postgres.catalog import PostgresCatalog

Vectors = NDArray[np.float32]

MEMORY_BYTES = 256 << 20
"""What the vectors of one segment take in memory at most."""
_AT_ONCE = 512
"""Blocks read by one statement: some MB."""
_REMEDY = "run `qa-service check`, then `qa-service rebuild`"
_RECORDS = (
    "SELECT w.slot, substring(b.data FROM (1 + (w.slot - b.slot) * ?)::int FOR ?::int)"
    " FROM unnest(?::bigint[]) w(slot) CROSS JOIN LATERAL (SELECT slot, vectors, data FROM blocks"
    " WHERE segment = ? AND slot <= w.slot ORDER BY slot DESC LIMIT 1) b WHERE w.slot < b.slot + b.vectors"
)


class PostgresSegments(Segments):
    """The table of blocks. A segment is what one encoder has made; there is never a reason to move a block."""

    keeps_dead = False

    def __init__(self, catalog: PostgresCatalog) -> None:
        self._catalog = catalog
        self._recent: dict[int, RecentRecords] = {}
        self._lock = threading.Lock()

    def name(self, segment: int) -> str:
        """Name a segment for people."""
        return f"segment {segment} of {self._catalog.where}"

    def append(self, tx: WriteTransaction, fingerprint: str, blocks: Sequence[Vectors]) -> list[Block]:
        """Write blocks (each (vectors, dim)) in the transaction that refers to them."""
        if not blocks:
            return []
        segment, slot = self._open_segment(tx, fingerprint, blocks[0].shape[1])
        placed: list[Block] = []
        rows = []
        for block in blocks:
            data = np.ascontiguousarray(block, dtype="<f4").tobytes()
            placed.append(Block(segment, slot, len(block), zlib.crc32(data)))
            rows.append((segment, slot, len(block), placed[-1].crc, data))
            slot += len(block)
        tx.connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", rows)
        tx.connection.execute("UPDATE segments SET records = ? WHERE id = ?", (slot, segment))
        return placed

    def lay_out(self, segment: int, dim: int, records: int) -> None:
        """Do nothing: a block is a row of its own."""

    def put(self, tx: WriteTransaction, placed: Sequence[tuple[Block, Vectors]]) -> None:
        """Write blocks to their places; see `Segments`."""
        rows = [
            (block.segment, block.slot, block.vectors, block.crc, vectors.astype("<f4").tobytes())
            for block, vectors in placed
        ]
        tx.connection.executemany(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?) ON CONFLICT (segment, slot) DO UPDATE"
            " SET vectors = excluded.vectors, crc = excluded.crc, data = excluded.data",
            rows,
        )

    def gather(self, blocks: Iterable[Block]) -> Vectors:
        """Read blocks into one array; see `Segments`."""
        wanted = list(blocks)
        segment = wanted[0].segment
        if any(block.segment != segment for block in wanted):
            return np.concatenate([self.read(block) for block in wanted])
        recent = self._recent_of(segment)
        counts = np.array([block.vectors for block in wanted])
        ends = np.cumsum(counts)
        firsts = np.array([block.slot for block in wanted])
        slots = np.repeat(firsts - ends + counts, counts) + np.arange(ends[-1])
        sound = set(recent.sound(firsts.tolist(), [block.crc for block in wanted]))
        lacking = [block for place, block in enumerate(wanted) if place not in sound]
        fetched = self._fetched(segment, lacking) if lacking else {}
        found, missing = recent.get(slots.tolist())
        # What was just fetched may have been pushed out by others already.
        starts = np.searchsorted(ends, missing, side="right")
        for place, number in zip(missing.tolist(), starts.tolist(), strict=True):
            block = wanted[number]
            if block.slot not in fetched:
                fetched.update(self._fetched(segment, [block]))
            found[place] = fetched[block.slot][slots[place] - block.slot]
        return found

    def read(self, block: Block) -> Vectors:
        """Give one block; see `Segments`."""
        return self.gather([block])

    def read_all(self, blocks: Sequence[Block]) -> list[Vectors]:
        """Give blocks with few statements; see `Segments`."""
        if not blocks:
            return []
        return np.split(self.gather(blocks), np.cumsum([block.vectors for block in blocks])[:-1])

    def verify(self, block: Block) -> None:
        """Check a block as it is in the database; see `Segments`."""
        self._fetched(block.segment, [block], remembered=False)

    def verify_all(self, blocks: Sequence[Block]) -> None:
        """Check blocks as they are in the database, with few statements."""
        for segment in sorted({block.segment for block in blocks}):
            self._fetched(segment, [block for block in blocks if block.segment == segment], remembered=False)

    def are_there(self, numbers: NDArray[np.int32]) -> bool:
        """Tell whether the catalogue has segments."""
        with self._catalog.read() as connection:
            return self.committed(connection).keys() >= set(np.unique(numbers).tolist())

    def hold(self, numbers: NDArray[np.int32]) -> None:
        """Do nothing: what a transaction sees stays there for it."""

    def hold_committed(self, connection: Connection) -> None:
        """Do nothing; see `hold`."""

    def let_go(self) -> None:
        """Do nothing: nothing is held."""

    def problems(self, connection: Connection) -> dict[int, str]:  # noqa: ARG002
        """Find nothing: that a block is missing is found with its passage."""
        return {}

    def has_unknown(self) -> bool:
        """Tell that there is nothing: blocks come and go with the passages that refer to them."""
        return False

    def remove_unknown(self) -> None:
        """Do nothing; see `has_unknown`."""

    def start(self, tx: WriteTransaction, fingerprint: str, dim: int) -> int:
        """Make an empty segment; return its number."""
        segment = int(tx.connection.execute("SELECT coalesce(max(id), 0) + 1 FROM segments").fetchone()[0])
        tx.connection.execute("INSERT INTO segments VALUES (?, ?, ?, 0)", (segment, fingerprint, dim))
        return segment

    def _open_segment(self, tx: WriteTransaction, fingerprint: str, dim: int) -> tuple[int, int]:
        row = tx.connection.execute(
            "SELECT id, records FROM segments WHERE fingerprint = ? AND dim = ? ORDER BY id DESC LIMIT 1",
            (fingerprint, dim),
        ).fetchone()
        return (int(row[0]), int(row[1])) if row else (self.start(tx, fingerprint, dim), 0)

    def _fetched(self, segment: int, blocks: Sequence[Block], *, remembered: bool = True) -> dict[int, Vectors]:
        """Read blocks from the database and check them; give them by slot; remember them if `remembered`."""
        found: dict[int, Vectors] = {}
        recent = self._recent_of(segment)
        wanted = {block.slot: block for block in blocks}
        slots = sorted(wanted)
        with self._catalog.read() as connection:
            for start in range(0, len(slots), _AT_ONCE):
                rows = connection.execute(
                    "SELECT slot, data FROM blocks WHERE segment = ? AND slot = ANY (?) ORDER BY slot",
                    (segment, slots[start : start + _AT_ONCE]),
                ).fetchall()
                part = {slot: self._sound(wanted[slot], data) for slot, data in rows}
                if part and remembered:
                    places = np.concatenate([np.arange(slot, slot + len(one)) for slot, one in part.items()])
                    sums = ((slot, wanted[slot].crc) for slot in part)
                    recent.put(places, np.concatenate(list(part.values())), sums)
                found.update(part)
        lost = next((block for slot, block in wanted.items() if slot not in found), None)
        if lost is not None:
            raise self._damaged(lost, "is not there")
        return found

    def _sound(self, block: Block, data: bytes) -> Vectors:
        if zlib.crc32(data) != block.crc:
            raise self._damaged(block, "fails its checksum")
        return np.frombuffer(data, dtype="<f4").reshape(block.vectors, -1)

    def _taken(self, segment: int, slots: NDArray[np.int64]) -> Vectors:
        """Read records of one segment; zeros for those that are gone, which no passage has that is shown."""
        recent = self._recent_of(segment)
        found, missing = recent.get(slots.tolist())
        if not len(missing):
            return found
        wanted = np.unique(slots[missing])
        stride = found.shape[1] * 4
        with self._catalog.read() as connection:
            rows = connection.execute(_RECORDS, (stride, stride, wanted.tolist(), segment)).fetchall()
        fetched = np.zeros((len(wanted), found.shape[1]), dtype=np.float32)
        places = np.searchsorted(wanted, [slot for slot, _ in rows])
        whole = [place for place, row in zip(places.tolist(), rows, strict=True) if len(row[1]) == stride]
        if whole:
            data = b"".join(row[1] for row in rows if len(row[1]) == stride)
            fetched[whole] = np.frombuffer(data, dtype="<f4").reshape(-1, found.shape[1])
            recent.put(wanted[whole], fetched[whole])
        found[missing] = fetched[np.searchsorted(wanted, slots[missing])]
        return found

    def _recent_of(self, segment: int) -> RecentRecords:
        known = self._recent.get(segment)
        if known is None:
            with self._catalog.read() as connection:
                row = connection.execute("SELECT dim FROM segments WHERE id = ?", (segment,)).fetchone()
            if row is None:
                raise Damaged("a vector segment is missing", field=self.name(segment), remedy=_REMEDY)
            with self._lock:
                made = RecentRecords(MEMORY_BYTES // (4 * row[0]), row[0])
                known = self._recent.setdefault(segment, made)
        return known

    def _damaged(self, block: Block, what: str) -> Damaged:
        place = f"slot {block.slot}, {self.name(block.segment)}"
        return Damaged(f"a vector block {what}", field=place, remedy=_REMEDY)
