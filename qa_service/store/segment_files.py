"""Vector segments: append-only files of fixed-stride float32 records, a window and then its sentences.

A segment's committed length is in the catalogue; a crash can only leave uncommitted records past it, which the next
append overwrites. Each block (a window with its sentences) has a CRC-32 in its passage row, checked when first read.
"""

from __future__ import annotations

import contextlib
import struct
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.store import files
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Block, Segments

MAGIC = b"QAVEC01\0"
HEADER_BYTES = 64
SEGMENT_RECORDS = 2_000_000
"""A segment takes no new block past this; 2 M records of 384 floats are 3 GB."""

_HELD_S = 60.0
"""How long a segment that was removed can still be read by those who began before."""

_HEADER = struct.Struct("<8sI")
_REMEDY = "run `qa-service check`, then `qa-service rebuild`"


class SegmentFiles(Segments):
    """The `vectors/` directory of a catalogue that is a file."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._dir = catalog.root / "vectors"
        files.make_directory(self._dir)
        self._maps: dict[int, NDArray[np.float32]] = {}
        self._verified: dict[int, NDArray[np.bool_]] = {}
        self._removed: dict[int, float] = {}
        self._lock = threading.Lock()

    def path(self, segment: int) -> Path:
        """Name the file of a segment."""
        return self._dir / f"segment-{segment:06d}.vec"

    def name(self, segment: int) -> str:
        """Name the file of a segment."""
        return self.path(segment).name

    def append(self, tx: WriteTransaction, fingerprint: str, blocks: Sequence[NDArray[np.float32]]) -> list[Block]:
        """Write blocks (each (vectors, dim)) durably, before the transaction that refers to them commits."""
        if not blocks:
            return []
        dim = blocks[0].shape[1]
        segment, committed = self._open_segment(tx, fingerprint, dim)
        placed: list[Block] = []
        slot = committed

        def written() -> Iterator[bytes]:
            nonlocal slot
            for block in blocks:
                data = np.ascontiguousarray(block, dtype="<f4").tobytes()
                yield data
                placed.append(Block(segment, slot, len(block), zlib.crc32(data)))
                slot += len(block)

        files.append(self.path(segment), HEADER_BYTES + committed * dim * 4, written())
        tx.connection.execute("UPDATE segments SET records = ? WHERE id = ?", (slot, segment))
        return placed

    def lay_out(self, segment: int, dim: int, records: int) -> None:
        """Make a segment's file in its full length, or longer; what nothing is put into takes no room on disk."""
        path = self.path(segment)
        if not path.exists():
            files.put(path, _HEADER.pack(MAGIC, dim).ljust(HEADER_BYTES, b"\0"))
        if path.stat().st_size < HEADER_BYTES + records * dim * 4:
            files.append(path, HEADER_BYTES + records * dim * 4, ())
        files.sync_directory(self._dir)

    def put(self, tx: WriteTransaction, placed: Sequence[tuple[Block, NDArray[np.float32]]]) -> None:  # noqa: ARG002
        """Write blocks to their places; see `Segments`."""
        for number in sorted({block.segment for block, _ in placed}):
            own = [(block.slot, vectors) for block, vectors in placed if block.segment == number]
            stride = own[0][1].shape[1] * 4
            data = ((HEADER_BYTES + slot * stride, vectors.astype("<f4").tobytes()) for slot, vectors in own)
            files.fill(self.path(number), data)

    def gather(self, blocks: Iterable[Block]) -> NDArray[np.float32]:
        """Read blocks into one (sum of vectors, dim) array, in the order given.

        Errors:
            Damaged: a block's bytes do not match its checksum.
        """
        wanted = list(blocks)
        segment = wanted[0].segment
        if len(wanted) == 1 or len({block.segment for block in wanted}) > 1:
            return np.concatenate([self.read(block) for block in wanted])
        counts = np.array([block.vectors for block in wanted])
        slots = np.array([block.slot for block in wanted])
        matrix, verified = self._reaching(segment, int((slots + counts).max())), self._verified_of(segment)
        for place in np.flatnonzero(~verified[slots]).tolist():
            self.read(wanted[place])
        # All rows by one call: a copy for each block costs more than its bytes do.
        ends = np.cumsum(counts)
        return matrix.take(np.repeat(slots - ends + counts, counts) + np.arange(ends[-1]), axis=0)

    def read(self, block: Block) -> NDArray[np.float32]:
        """Give one block as a read-only view (vectors, dim); checked against its CRC on first use."""
        matrix = self._map(block)
        view = matrix[block.slot : block.slot + block.vectors]
        verified = self._verified_of(block.segment)
        if len(view) != block.vectors or not verified[block.slot]:
            self.verify(block)
            verified[block.slot] = True
        return view

    def _taken(self, segment: int, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read records of one segment; Damaged if one lies past its end."""
        return self._reaching(segment, int(slots.max()) + 1).take(slots, axis=0)

    def verify(self, block: Block) -> None:
        """Check a block against its CRC, whether that was done before or not.

        Errors:
            Damaged: it does not match, or lies past the end of its segment.
        """
        view = self._map(block)[block.slot : block.slot + block.vectors]
        if len(view) != block.vectors or zlib.crc32(view.data) != block.crc:
            raise Damaged("a vector block fails its checksum", field=str(self.path(block.segment)), remedy=_REMEDY)

    def are_there(self, numbers: NDArray[np.int32]) -> bool:
        """Tell whether the files of segments are there."""
        return all(self.path(number).is_file() for number in np.unique(numbers).tolist())

    def hold(self, numbers: NDArray[np.int32]) -> None:
        """Map segments, so that they can be read for as long as somebody may, even if another process removes them."""
        for number in np.unique(numbers).tolist():
            with contextlib.suppress(Damaged):  # whoever reads it is told
                self._map(Block(number, 0, 0, 0))

    def hold_committed(self, connection: Connection) -> None:
        """Hold all segments that the catalogue has as of a read transaction, as `hold` does."""
        self.hold(np.array(list(self.committed(connection)), dtype=np.int32))

    def let_go(self) -> None:
        """Let go of segments that were removed long enough ago: until then their place on disk is not free."""
        now = time.monotonic()
        with self._lock:
            for number in [number for number in self._maps if not self.path(number).exists()]:
                new = number not in self._removed
                gone = now - self._removed.setdefault(number, now) > _HELD_S
                if gone:
                    self._maps.pop(number)
                    self._verified.pop(number, None)
                    self._removed.pop(number)
                if new or gone:
                    # Rows that are remembered say where the vectors were.
                    self._catalog.forget_kept()

    def _verified_of(self, segment: int) -> NDArray[np.bool_]:
        """Tell by the slot of a block's first record whether the block was checked; a mapped segment's."""
        verified = self._verified.get(segment)
        if verified is None or len(verified) < len(self._maps[segment]):
            # The system gives the memory of it page by page as blocks are checked.
            larger = np.zeros(max(len(self._maps[segment]), SEGMENT_RECORDS), dtype=bool)
            if verified is not None:
                larger[: len(verified)] = verified
            self._verified[segment] = verified = larger
        return verified

    def _reaching(self, segment: int, records: int) -> NDArray[np.float32]:
        """Map a segment that is to have so many records."""
        matrix = self._map(Block(segment, 0, records, 0))
        if len(matrix) < records:
            raise Damaged("a vector segment is too short", field=str(self.path(segment)), remedy=_REMEDY)
        return matrix

    def _map(self, block: Block) -> NDArray[np.float32]:
        matrix = self._maps.get(block.segment)
        if matrix is not None and block.slot + block.vectors <= len(matrix):
            return matrix
        with self._lock:
            matrix = self._load(block.segment)
            self._maps[block.segment] = matrix
        return matrix

    def _load(self, segment: int) -> NDArray[np.float32]:
        path = self.path(segment)
        try:
            with path.open("rb") as file:
                magic, dim = _HEADER.unpack(file.read(_HEADER.size))
            size = path.stat().st_size
        except (OSError, struct.error) as error:
            raise Damaged(f"a vector segment cannot be read: {error}", field=str(path), remedy=_REMEDY) from error
        if magic != MAGIC or dim <= 0:
            raise Damaged("this is not a vector segment", field=str(path), remedy=_REMEDY)
        records = (size - HEADER_BYTES) // (dim * 4)
        if records <= 0:
            return np.empty((0, dim), dtype=np.float32)
        # A plain view: slicing np.memmap objects costs several microseconds each.
        return np.memmap(path, dtype="<f4", mode="r", offset=HEADER_BYTES, shape=(records, dim)).view(np.ndarray)

    def _reaches(self, segment: int, records: int, dim: int) -> bool:
        try:
            matrix = self._load(segment)
        except Damaged:
            return False
        return matrix.shape[1] == dim and len(matrix) >= records

    def problems(self, connection: Connection) -> dict[int, str]:
        """Compare the files with what the catalogue says of them; tell, by number, what is wrong with which."""
        found = {}
        for number, (_, dim, records) in self.committed(connection).items():
            try:
                matrix = self._load(number)
            except Damaged as error:
                found[number] = f"{error.field}: {error.detail}"
                continue
            if matrix.shape[1] != dim or len(matrix) < records:
                found[number] = f"{self.path(number)}: {matrix.shape} vectors, not ({records}, {dim})"
        return found

    def has_unknown(self) -> bool:
        """Tell whether there are files that the catalogue knows nothing of, or not yet."""
        with self._catalog.read() as connection:
            known = {self.path(number) for number in self.committed(connection)}
        return not known.issuperset(self._dir.iterdir())

    def remove_unknown(self) -> None:
        """Remove what the catalogue knows nothing of, files and ends of files; the caller holds the writer's lock."""
        with self._catalog.read() as connection:
            known = {self.path(number): given for number, given in self.committed(connection).items()}
        for path in sorted(self._dir.iterdir()):
            if path not in known:
                files.remove(path)
        for path, (_, dim, records) in known.items():
            if path.is_file() and path.stat().st_size > HEADER_BYTES + records * dim * 4:
                files.append(path, HEADER_BYTES + records * dim * 4, ())
        files.sync_directory(self._dir)

    def _open_segment(self, tx: WriteTransaction, fingerprint: str, dim: int) -> tuple[int, int]:
        row = tx.connection.execute(
            "SELECT id, records FROM segments WHERE fingerprint = ? AND dim = ? ORDER BY id DESC LIMIT 1",
            (fingerprint, dim),
        ).fetchone()
        # A file that was lost or cut short is left to `check`; new vectors go into a new one.
        if row is not None and row[1] < SEGMENT_RECORDS and self._reaches(int(row[0]), int(row[1]), dim):
            return int(row[0]), int(row[1])
        return self.start(tx, fingerprint, dim), 0

    def start(self, tx: WriteTransaction, fingerprint: str, dim: int) -> int:
        """Make an empty segment, into which new vectors go from now on; return its number."""
        segment = int(tx.connection.execute("SELECT coalesce(max(id), 0) + 1 FROM segments").fetchone()[0])
        files.put(self.path(segment), _HEADER.pack(MAGIC, dim).ljust(HEADER_BYTES, b"\0"))
        files.sync_directory(self._dir)
        files.sync_directory(self._dir.parent)
        tx.connection.execute("INSERT INTO segments VALUES (?, ?, ?, 0)", (segment, fingerprint, dim))
        return segment
