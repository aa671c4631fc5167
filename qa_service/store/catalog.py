"""The catalogue as the service sees it: transactions, the one writer's lock, and the sequence of writes.

It is a file (`sqlite_catalog`) or a PostgreSQL database (`postgres`); statements are written so that both run them, and
what they do not share is a method of the connection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from qa_service.errors import Damaged
from qa_service.store.kept import Kept

if TYPE_CHECKING:
    from qa_service.store.segments import Segments


Mine: TypeAlias = Callable[[], bool]
"""Tells whether a lock is held still: a connection that holds one may have been lost."""


class Cursor(Protocol):
    """The rows that a statement gave."""

    def fetchone(self) -> Any:
        """Give the next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """Give all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...

    @property
    def description(self) -> Any:
        """A sequence for each column, the name first; before the first row is read, too."""


class Connection(Protocol):
    """What every function of the store takes; opened by a catalogue only.

    Statements are of one dialect: `?` for each value, `ON CONFLICT`, `RETURNING`, TRUE and FALSE, a name for each
    inner SELECT, no list without values.
    """

    kept: Kept
    """What the connections of a catalogue remember together; nothing of it is used while this one writes, since what it
    reads then may never be committed."""
    reading: bool
    """Whether a read transaction is open, in which nothing changes."""

    @property
    def where(self) -> str:
        """The place of the catalogue, for messages."""

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each row of values."""

    def numbered(self, statement: str, rows: Iterable[Sequence[Any]], /) -> list[int]:
        """Run an INSERT that ends in RETURNING a number for each row of values; give the numbers in their order."""

    def sequence(self) -> int:
        """Read the sequence number of the last write; a read transaction asks once."""

    def last_number(self, table: str, column: str) -> int:
        """Read the highest number that a column which numbers itself has ever given; 0 for none."""

    def number_on(self, table: str, column: str, last: int) -> None:
        """Have such a column never again give a number up to this one."""


def number_of_writes(connection: Connection, where: str, remedy: str) -> int:
    """Read the sequence number of a catalogue's last write.

    Parameters:
        where, remedy: for the message.

    Errors:
        Damaged: what is there is no number.
    """
    value = connection.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()[0]
    try:
        return int(value)
    except ValueError:
        raise Damaged("its number of writes is no number", field=where, remedy=remedy) from None


class WriteTransaction:
    """An open write: its connection and the sequence number that its rows carry."""

    def __init__(self, connection: Connection, seq: int) -> None:
        self.connection = connection
        self.seq = seq


class Catalog(ABC):
    """All that is stored but vectors and indexes. Safe for threads.

    Attributes:
        data_dir: the data directory.
        root: where in it the indexes of this catalogue are.
        where: the place of the catalogue, for messages.
    """

    data_dir: Path
    root: Path
    where: str

    @property
    @abstractmethod
    def kept(self) -> Kept:
        """What readers remember together."""

    @abstractmethod
    def segments(self) -> Segments:
        """Give the store of the vectors that its rows refer to."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """Give this thread a connection inside one read transaction: a consistent view. Nests.

        Errors:
            Damaged: what is stored is not sound. Unavailable: it cannot be read now.
        """

    @abstractmethod
    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Run one durable write transaction; the caller holds `writer_lock`. Committed on success, else undone."""

    @abstractmethod
    def writer_lock(self) -> AbstractContextManager[None]:
        """Hold the one writer's lock of the catalogue, across threads and processes, for one batch.

        Errors:
            Superseded: another index has taken this one's place. Unavailable: another process writes for very long,
            or writing failed.
        """

    @abstractmethod
    def jobs_lock(self) -> AbstractContextManager[Mine]:
        """Be the only one who works on jobs; it is not so from the beginning when somebody else is."""

    @abstractmethod
    def instance(self) -> str:
        """Give what tells this catalogue from its copies, for `whereabouts.are_same`."""

    @abstractmethod
    def is_in_charge(self) -> bool:
        """Tell whether this is what counts: no successor that is being made, and not replaced by one."""

    @abstractmethod
    def has_successor(self) -> bool:
        """Tell whether there is one, begun or whole."""

    def others(self) -> list[str]:
        """Name the other processes that use the catalogue, as far as it knows of any."""
        return []

    @abstractmethod
    def ensure_at(self, root: Path) -> None:
        """Make sure that this is the catalogue whose indexes are in a folder.

        Errors:
            Superseded: it is that of another index, which has taken its place.
        """

    @abstractmethod
    def integrity_problems(self) -> list[str]:
        """Have the database verify all of itself; return what it finds."""

    @abstractmethod
    def text_as_found(self) -> AbstractContextManager[set[bytes]]:
        """Have this thread read text that is not UTF-8 with U+FFFD in it, which its checksums find out.

        Returns:
            The texts of that kind, filled as they are read.
        """

    @abstractmethod
    def read_all_text(self, connection: Connection) -> None:
        """Read every text of the catalogue, for `text_as_found` to see."""

    @abstractmethod
    def shrink(self) -> None:
        """Leave nothing of what was deleted in the files of the database; see `erasing`.

        It takes the writer's lock itself where it needs that; the caller does not hold it.

        Errors:
            Unavailable: a reader is in the way; the next call goes on.
        """

    @abstractmethod
    def seal(self) -> None:
        """Refuse every write from now on, also those of a service that knows of no successors.

        The caller holds the writer's lock.
        """

    @abstractmethod
    def forget_kept(self) -> None:
        """Forget what readers remember of rows: the places of vectors have changed."""

    @abstractmethod
    def release(self) -> None:
        """Let go of the calling thread's connection, as a thread does that ends; the next use takes another."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection of every thread; the catalogue can't be used afterwards."""
