"""What an engine of indexes does for the service: publish what the catalogue holds, and open it for questions."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from qa_service.index.lost_writes import REMEDY
from qa_service.index.manifest import BaseEntry, Versions
from qa_service.index.mending import DamageNotes
from qa_service.index.snapshot import Published, Snapshot
from qa_service.progress import Advance, unheard
from qa_service.store.collections import Collection


class Indexes(Protocol):
    """All collections' indexes. Safe for threads.

    Attributes:
        versions: what decides what is stored of a passage; indexes made with others are refused.
        damage: what was found damaged.
        follows_writes: whether a question looks for what another process has published since: where that is cheap.
        names_blocks: whether they name vectors by where these lie, so that to move those takes new indexes.
    """

    versions: Versions
    damage: DamageNotes
    follows_writes: bool
    names_blocks: bool

    def current(self, collection: int) -> Published | None:
        """Tell what is published of a collection, whatever it was made with; None when nothing is."""

    def manifest(self, collection: int) -> Published | None:
        """Tell what is published of a collection; None when nothing is.

        Errors:
            Incompatible: it was made with other versions. Damaged: it cannot be read.
        """

    def stamp(self, collection: int) -> bytes | None:
        """Give what changes with each publication; None before the first."""

    def ensure_writable(self, collection: Collection | None) -> None:
        """Make sure, before anything is committed, that a write can be published; the caller holds the writer's lock.

        Parameters:
            collection: None is one still to be made.

        Errors:
            Incompatible: the index was made with other settings. Unavailable: the engine cannot be reached.
        """

    def covers(self, collection: Collection) -> bool:
        """Tell whether what is published covers a collection's last write, and is whole as far as a look tells.

        Errors:
            Incompatible: as for `manifest`.
        """

    def are_there(self) -> bool:
        """Tell whether all that is published is where these look for it."""

    def doubt(self, collection: int) -> None:
        """Have `covers` look more closely the next time: a question did not find what is published."""

    def publish_delta(self, collection: Collection) -> Published:
        """Publish a collection's last write; the caller holds the writer's lock.

        Errors:
            Unavailable: it cannot be published now.
        """

    def recover(self, collection: Collection, *, thoroughly: bool = False, advance: Advance = unheard) -> Published:
        """Bring what is published up to the catalogue, after a crash too; the caller holds the writer's lock.

        Parameters:
            thoroughly: look at everything that is there, not only at what a quick look shows.
            advance: told of each number of passages that are published, as far as they become so one after the other.

        Errors:
            Incompatible: articles were processed with other settings. Unavailable: it cannot be published now.
        """

    def load(self, collection: int, previous: Snapshot | None) -> Snapshot | None:
        """Open what is published; `previous` itself if that is still it; None when nothing is published.

        Errors:
            Damaged, Incompatible: as for `manifest`.
        """

    def is_due(self, collection: int) -> bool:
        """Tell whether enough has changed for `compact`."""

    def compact(self, collection: Collection, *, force: bool = False, anew: bool = False) -> Published | None:
        """Give back what the dead take up, and publish; None when not due, or nothing is left of the collection.

        Parameters:
            force: do so even if it is not due.
            anew: make the indexes anew of what is live.
        """

    def remove_superseded(self, collection: Collection) -> None:
        """Remove for good what was published before.

        Errors:
            Unavailable: something of it cannot be removed.
        """

    def measure(self, collection: Collection, queries: int) -> BaseEntry | None:
        """Measure how much of an exact search is found, and record it; None where there is nothing to measure."""

    def erase(self, collection: int) -> None:
        """Remove the indexes of a deleted collection, as far as they can be."""

    def has_unknown(self, rows: Container[int]) -> bool:
        """Tell whether there are indexes of other collections than those of these rows."""

    def erase_unknown(self, rows: Container[int], *, surely: bool = False) -> None:
        """Remove the indexes of other collections; the caller holds the writer's lock.

        Errors:
            Unavailable: some cannot be removed, and `surely` asks for it.
        """

    def expect(self, successor: Indexes) -> None:
        """Note that others are about to be made, which take the place of these or are to be removed."""

    def inherit(self, replaced: Indexes) -> None:
        """Note that these take the place of others, which are to be removed when nobody asks them any more.

        The caller lets them take it only then, and holds the writer's lock of the others.
        """

    def while_waiting(self, pause: Callable[[], AbstractContextManager[None]]) -> None:
        """Be told in what to wait for another process's answer, so that other questions go on meanwhile."""

    def let_go(self) -> None:
        """Let go of what was removed and is not read any more."""

    def ensure_none_lost(self, remedy: str = REMEDY) -> None:
        """Make sure that no index knows of writes that the catalogue has lost.

        Errors:
            Damaged: one does.
        """

    def accept_loss(self) -> None:
        """Go on with what the catalogue has left; the caller holds the writer's lock."""

    def unfit(self, collection: Collection) -> Iterator[str]:
        """Tell, from a quick look, what is wrong with what is published of a collection."""

    def close(self) -> None:
        """Let go of threads and connections; nothing is asked of these indexes afterwards."""
