"""Indexes in Milvus: what of the catalogue is there, and what of that is published.

A write is committed to the catalogue, its rows are written to Milvus, the publication is recorded in the catalogue, and
then what it replaced is removed from Milvus. Rows that a crash leaves on either side of the record do no harm: readers
leave out keys beyond the last published one, and whatever the catalogue says is dead. Everything can be done again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager
from functools import partial

from qa_service.errors import Damaged, Incompatible, QAError, Unavailable
from qa_service.index.indexes import Indexes
from qa_service.index.lost_writes import REMEDY
from qa_service.index.manifest import BaseEntry, Versions
from qa_service.index.mending import DamageNotes
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.collection import MilvusCollection
from qa_service.index.milvus.connection import ensure_installed
from qa_service.index.milvus.leftovers import Leftovers
from qa_service.index.milvus.publication import Publication
from qa_service.index.milvus.publishing import MilvusPublishing, is_over
from qa_service.index.milvus.schema import Layout
from qa_service.index.milvus.snapshot import MilvusSnapshot
from qa_service.index.processed import ensure_made_with, ensure_processed
from qa_service.index.snapshot import Gone, Snapshot
from qa_service.progress import Advance, unheard
from qa_service.store import articles, collections, identity, passages, publications
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

DUE_DEAD = 2_000
"""Dead rows of the catalogue from which on they are removed."""
FRESH_S = 0.2
"""How long the stamps of all publications, read at once, are taken for current."""


class MilvusIndexes:
    """All collections' indexes in one database of a Milvus. Safe for threads."""

    follows_writes = True
    names_blocks = False

    def __init__(
        self, catalog: Catalog, segments: Segments, versions: Versions, server: MilvusServer, layout: Layout
    ) -> None:
        """Make ready; Milvus is first reached when it is needed.

        Errors:
            ConfigError: its client library is not installed.
        """
        ensure_installed()
        self.catalog = catalog
        self.segments = segments
        self.versions = versions
        self.server = server
        self.layout = layout
        self.damage = DamageNotes()
        self._whole: dict[int, tuple[int, int]] = {}
        self._stamps: tuple[float, dict[int, str]] = (float("-inf"), {})
        self._lock = threading.Lock()
        self.identity = identity.name_of(catalog)
        self._leftovers = Leftovers(catalog, server, self._forget_stamps)
        self.publishing = MilvusPublishing(catalog, segments, versions, self._forget_stamps)

    def collection(self, row: int) -> MilvusCollection:
        """Give the collections in Milvus that stand for one of ours."""
        return MilvusCollection(self.server, self.identity, row, self.versions.dim, self.layout)

    def current(self, collection: int) -> Publication | None:
        """Read what is published of a collection, whatever it was made with."""
        with self.catalog.read() as connection:
            identity.ensure(connection, self.identity)
            record = publications.read(connection, collection)
        return Publication.parse(*record) if record else None

    def manifest(self, collection: int) -> Publication | None:
        """Read what is published of a collection; refuse what was made with other versions."""
        found = self.current(collection)
        if found is not None:
            ensure_made_with(self.versions, found.versions, str(self.server.address))
        return found

    def _readable(self, collection: int) -> Publication | None:
        """Read what is published; None where that cannot be read."""
        try:
            return self.manifest(collection)
        except (Damaged, Incompatible) as error:
            logger.warning("what is published is made anew: %s", error)
            return None

    def stamp(self, collection: int) -> bytes | None:
        """Give the stamp of a collection's publication, as of a moment ago."""
        with self._lock:
            read_at, known = self._stamps
            if time.monotonic() - read_at > FRESH_S:
                with self.catalog.read() as connection:
                    known = publications.stamps(connection)
                self._stamps = time.monotonic(), known
        found = known.get(collection)
        return found.encode() if found is not None else None

    def ensure_writable(self, collection: Collection | None) -> None:
        """Make sure that a write can be published: the versions are those of before, and Milvus answers."""
        with self.catalog.read() as connection:
            found = [collection] if collection is not None else collections.every(connection)
        for one in found:
            self.manifest(one.row)
        self.server.ensure_up()

    def covers(self, collection: Collection) -> bool:
        """Tell whether the last write is published, and Milvus has as many rows as it should, if that is in doubt."""
        found = self.manifest(collection.row)
        if found is None or found.seq != collection.seq:
            return False
        looked = self.server.outages, found.build
        if not found.build or self._whole.get(collection.row) == looked:
            return True
        # It was away, or this process has just begun: what it was told last may be gone.
        if not self.collection(collection.row).is_whole(found, self.catalog):
            return False
        self._whole[collection.row] = looked
        return True

    def are_there(self) -> bool:
        """Tell whether Milvus has the build in use of every collection."""
        with self.catalog.read() as connection:
            published = [self.current(row) for row in publications.stamps(connection)]
        return all(one is None or not one.build or self.collection(one.collection).exists(one) for one in published)

    def doubt(self, collection: int) -> None:
        """Have what Milvus has of a collection counted when it is looked at next."""
        self._whole.pop(collection, None)

    def publish_delta(self, collection: Collection) -> Publication:
        """Publish what the catalogue has beyond the last publication; if that is not in Milvus any more, all."""
        there = self.collection(collection.row)
        try:
            return self.publishing.catch_up(there, collection, self.manifest(collection.row))
        except Gone:
            return self.recover(collection)

    def _forget_stamps(self) -> None:
        with self._lock:
            self._stamps = (float("-inf"), {})

    def recover(self, collection: Collection, *, thoroughly: bool = False, advance: Advance = unheard) -> Publication:
        """Bring Milvus up to the catalogue: what it lacks is written, what it has too many is removed.

        Parameters:
            advance: told of each number of passages that are written.
        """
        before = self.manifest(collection.row)
        ensure_processed(self.catalog, collection, self.versions.pipeline)
        if before is not None and not thoroughly and self.covers(collection):
            return before
        there = self.collection(collection.row)
        outages = self.server.outages
        if before is not None and before.build and not there.exists(before):
            logger.warning("the index of collection %s is not in Milvus any more and is made anew", collection.name)
            published = self.publishing.anew(there, collection, advance)
        else:
            published = self.publishing.catch_up(there, collection, before, advance)
        if published.build:
            there.switch(published)
            whole = there.is_whole(published, self.catalog)
            if not whole:
                # Who was cut off may have removed more than the record tells.
                published = self.publishing.tidy(there, published, at_once=True)
                whole = there.is_whole(published, self.catalog)
            if thoroughly or not whole:
                published = self.publishing.record(there.mend(published, self.catalog, self.segments))
            self._whole[collection.row] = outages, published.build
        return published

    def load(self, collection: int, previous: Snapshot | None) -> MilvusSnapshot | None:
        """Open what is published."""
        found = self.manifest(collection)
        if found is None:
            return None
        if isinstance(previous, MilvusSnapshot) and previous.manifest.stamp == found.stamp:
            return previous
        there = self.collection(collection)
        windows, sentences = there.name("windows", found.build), there.name("sentences", found.build)
        return MilvusSnapshot(found, self.server, self.catalog, windows, sentences)

    def is_due(self, collection: int) -> bool:
        """Tell whether the catalogue has many dead rows of what is published."""
        found = self.manifest(collection)
        if found is None:
            return False
        asked_for = sum(len(one.keys) for one in found.departed if not is_over(one))
        with self.catalog.read() as connection:
            dead = passages.count_dead(connection, collection)
        return dead - asked_for >= DUE_DEAD

    def compact(self, collection: Collection, *, force: bool = False, anew: bool = False) -> Publication | None:
        """Remove the dead rows of the catalogue; with `anew`, first make the collections in Milvus anew."""
        if not (force or anew or self.is_due(collection.row)):
            return None
        if anew:
            there, read = self.collection(collection.row), partial(self._readable, collection.row)
            self.publishing.rebuild(there, collection, read)
        with self.catalog.writer_lock():
            with self.catalog.read() as connection:
                current = collections.find(connection, collection.name)
            if current is None or current.row != collection.row:
                return None
            there = self.collection(current.row)
            published = self.publishing.tidy(there, self.recover(current), at_once=force or anew)
            # A row can be removed from Milvus for as long as the catalogue knows of it.
            over = published.departed[0].since if published.departed else published.seq
            with self.catalog.write() as tx:
                passages.erase_deleted(tx, current.row, over)
                articles.erase_deleted(tx, current.row, over)
        return published

    def remove_superseded(self, collection: Collection) -> None:
        """Remove for good what was published before; Milvus gives its disk back when it compacts."""
        with self.catalog.writer_lock():
            found = self.manifest(collection.row)
            if found is not None:
                self.publishing.tidy(self.collection(collection.row), found, at_once=True)

    def measure(self, collection: Collection, queries: int) -> BaseEntry | None:  # noqa: ARG002
        """Give nothing: the recall of Milvus's indexes is Milvus's to tell."""
        return None

    def erase(self, collection: int) -> None:
        """Remove the collections of a deleted one; what cannot be reached now is removed later.

        The caller holds the writer's lock.
        """
        self._leftovers.erase(self.collection(collection))

    def has_unknown(self, rows: Container[int]) -> bool:
        """Tell whether something is published of collections that are no more."""
        return self._leftovers.are_there(rows)

    def erase_unknown(self, rows: Container[int], *, surely: bool = False) -> None:
        """Remove what was published of collections that are no more."""
        for row in self._leftovers.of_collections(rows):
            self.erase(row)
        self._leftovers.erase_catalogues()
        if surely and self.has_unknown(rows):
            raise Unavailable(
                "indexes of deleted collections are still in Milvus",
                field=str(self.server.address),
                remedy="see that Milvus can be reached, then run `qa-service compact --erase` again",
            )

    def expect(self, successor: Indexes) -> None:
        """Note whose collections are to be removed if that never takes over."""
        if isinstance(successor, MilvusIndexes):
            identity.expect(self.catalog, successor.identity)

    def inherit(self, replaced: Indexes) -> None:
        """Note which catalogues' collections are to be removed, at the next start or compaction in charge."""
        if isinstance(replaced, MilvusIndexes):
            identity.inherit(self.catalog, replaced.catalog)

    def while_waiting(self, pause: Callable[[], AbstractContextManager[None]]) -> None:
        """Wait for searches in what `pause` gives."""
        self.server.pause = pause

    def let_go(self) -> None:
        """Let go of vectors that were removed and are not read any more."""
        self.segments.let_go()

    def ensure_none_lost(self, remedy: str = REMEDY) -> None:
        """Do nothing: what is published is recorded in the catalogue itself, so that it is never ahead."""

    def accept_loss(self) -> None:
        """Do nothing, for the same reason."""

    def unfit(self, collection: Collection) -> Iterator[str]:
        """Tell what is wrong with what is published of a collection, from its record and Milvus's last answer."""
        try:
            found = self.manifest(collection.row)
            if found is None and collection.passages:
                yield "nothing of it is published (run `qa-service check`)"
            if trouble := self.server.trouble():
                yield trouble
        except QAError as error:
            yield f"{error.detail} ({error.remedy})"

    def close(self) -> None:
        """End the threads that search, and the connection."""
        self.server.close()

    def problems(self, collection: int) -> Iterator[str]:
        """Compare what is published with the catalogue, key by key, at a moment when nobody writes."""
        with self.catalog.writer_lock():
            with self.catalog.read() as connection:
                one = next((one for one in collections.every(connection) if one.row == collection), None)
            if one is None:
                return
            try:
                found = self.manifest(collection)
                if found is None or found.seq != one.seq:
                    yield "its last write is not published (start the service, or ingest anything)"
                elif found.build:
                    yield from self.collection(collection).problems(found, self.catalog)
            except QAError as error:
                yield str(error)
