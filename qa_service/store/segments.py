"""The store of vectors: blocks of a window and then its sentences, that a catalogue's passages refer to.

They are in append-only files (`segment_files`) or in the catalogue's database (`postgres`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Damaged
from qa_service.store.catalog import Connection, WriteTransaction


@dataclass(frozen=True, slots=True)
class Block:
    """Where a passage's vectors lie: `vectors` records from `slot` on; the first is the window's."""

    segment: int
    slot: int
    vectors: int
    crc: int


class Segments(ABC):
    """Vectors by place: segments of records, float32 (dim,), that are numbered by slot. Safe for threads.

    Attributes:
        keeps_dead: whether blocks that no passage needs stay until what is live beside them was moved.
    """

    keeps_dead = True

    @abstractmethod
    def name(self, segment: int) -> str:
        """Name a segment for people."""

    @abstractmethod
    def append(self, tx: WriteTransaction, fingerprint: str, blocks: Sequence[NDArray[np.float32]]) -> list[Block]:
        """Write blocks (each (vectors, dim)) durably, at the latest with the transaction that refers to them."""

    @abstractmethod
    def lay_out(self, segment: int, dim: int, records: int) -> None:
        """Make room for a segment that is copied from elsewhere, or for more of it; `put` fills it."""

    @abstractmethod
    def put(self, tx: WriteTransaction, placed: Sequence[tuple[Block, NDArray[np.float32]]]) -> None:
        """Write blocks to their places in segments that were laid out, durably as `append` does."""

    @abstractmethod
    def gather(self, blocks: Iterable[Block]) -> NDArray[np.float32]:
        """Read blocks into one (sum of vectors, dim) array, in the order given.

        Errors:
            Damaged: a block's bytes do not match its checksum.
        """

    @abstractmethod
    def read(self, block: Block) -> NDArray[np.float32]:
        """Give one block, not to be written to (vectors, dim); checked against its CRC on first use."""

    def read_all(self, blocks: Sequence[Block]) -> list[NDArray[np.float32]]:
        """Give blocks as `read` does, in the order given."""
        return [self.read(block) for block in blocks]

    def take(self, segments: NDArray[np.int32], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read single records (n, dim), n > 0, not checked: for the scores of hits, most of which are shown to nobody.

        Errors:
            Damaged: a record is not there, where that is told.
        """
        first = int(segments[0])
        if (segments == first).all():
            return self._taken(first, slots)
        found: NDArray[np.float32] | None = None
        for number in np.unique(segments).tolist():
            rows = np.flatnonzero(segments == number)
            taken = self._taken(number, slots[rows])
            if found is None:
                found = np.empty((len(slots), taken.shape[1]), dtype=np.float32)
            found[rows] = taken
        assert found is not None
        return found

    @abstractmethod
    def _taken(self, segment: int, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read single records of one segment, as `take` does."""

    @abstractmethod
    def verify(self, block: Block) -> None:
        """Check a block against its CRC, whether that was done before or not.

        Errors:
            Damaged: it does not match, or is not there.
        """

    def verify_all(self, blocks: Sequence[Block]) -> None:
        """Check blocks as `verify` does."""
        for block in blocks:
            self.verify(block)

    def holds(self, block: Block) -> bool:
        """Tell whether a block is as it was written, checked now whether that was done before or not."""
        try:
            self.verify(block)
        except Damaged:
            return False
        return True

    def checked(self, block: Block) -> NDArray[np.float32]:
        """Give a block as `read` does, checked now whether that was done before or not.

        Errors:
            Damaged: it does not match its checksum.
        """
        self.verify(block)
        return self.read(block)

    @abstractmethod
    def are_there(self, numbers: NDArray[np.int32]) -> bool:
        """Tell whether segments are there."""

    @abstractmethod
    def hold(self, numbers: NDArray[np.int32]) -> None:
        """See to it that segments can be read for as long as somebody may, even if another process removes them."""

    @abstractmethod
    def hold_committed(self, connection: Connection) -> None:
        """Hold all segments that the catalogue has as of a read transaction, as `hold` does."""

    @abstractmethod
    def let_go(self) -> None:
        """Let go of segments that were removed long enough ago."""

    @abstractmethod
    def problems(self, connection: Connection) -> dict[int, str]:
        """Compare segments with what the catalogue says of them; tell, by number, what is wrong with which."""

    def committed(self, connection: Connection) -> dict[int, tuple[str, int, int]]:
        """Give the fingerprint, dimension and committed length of every segment, by its number."""
        rows = connection.execute("SELECT id, fingerprint, dim, records FROM segments ORDER BY id")
        return {number: (fingerprint, dim, records) for number, fingerprint, dim, records in rows}

    def forget(self, tx: WriteTransaction, numbers: Iterable[int]) -> None:
        """Take segments out of the catalogue, to remove what is in them then; never the last: no number is used twice.

        `remove_unknown` does that.
        """
        tx.connection.executemany("DELETE FROM segments WHERE id = ?", ((number,) for number in numbers))

    @abstractmethod
    def has_unknown(self) -> bool:
        """Tell whether there is something that the catalogue knows nothing of, or not yet."""

    @abstractmethod
    def remove_unknown(self) -> None:
        """Remove what the catalogue knows nothing of; the caller holds the writer's lock."""

    @abstractmethod
    def start(self, tx: WriteTransaction, fingerprint: str, dim: int) -> int:
        """Make an empty segment, into which new vectors go from now on; return its number."""
