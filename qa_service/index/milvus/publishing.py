"""Publishing in Milvus: rows are written, the publication is recorded, and what it replaced is removed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from qa_service.errors import Unavailable
from qa_service.index.manifest import Versions
from qa_service.index.milvus.collection import MilvusCollection
from qa_service.index.milvus.publication import Departed, Publication
from qa_service.index.snapshot import Gone
from qa_service.progress import Advance, unheard
from qa_service.store import collections, entries, publications
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

MOST_DEAD = 20_000
"""Keys of the dead that a record names; what is beyond is removed before the publication."""
GRACE_S = 60.0
"""How long the dead stay in Milvus: longer than a question takes, which may have begun before they were."""
STEP_PASSAGES = 2_000
"""About so many passages are published at once."""


@dataclass(frozen=True, slots=True)
class MilvusPublishing:
    """Publishes what was made with one set of versions; `recorded` is called after each record."""

    catalog: Catalog
    segments: Segments
    versions: Versions
    recorded: Callable[[], None]

    def begun(self, collection: int) -> Publication:
        """Give what a collection begins with: nothing."""
        return Publication(collection, -1, "", self.versions)

    def catch_up(
        self,
        there: MilvusCollection,
        collection: Collection,
        before: Publication | None,
        advance: Advance = unheard,
    ) -> Publication:
        """Publish what the catalogue has beyond a publication, a part after the other; who is cut off goes on there.

        The caller holds the writer's lock.

        Parameters:
            before: what is published so far; None for nothing.
            advance: told of each number of passages that are there.

        Errors:
            Gone: what is published is not in Milvus. Unavailable: Milvus cannot be used; the parts before are
            published.
        """
        since = before.seq if before is not None else -1
        with self.catalog.read() as connection:
            steps = _steps(entries.added_in_turn(connection, collection.row, since, collection.seq))
        if not steps or steps[-1][0] != collection.seq:
            steps.append((collection.seq, []))
        known = before
        for seq, keys in steps:
            with self.catalog.read() as connection:
                dead = entries.gone(connection, collection.row, since, seq) if known is not None else []
            known = self._publish(there, replace(collection, seq=seq), known, keys, dead, advance)
            since = seq
        assert known is not None
        return known

    def anew(self, there: MilvusCollection, collection: Collection, advance: Advance = unheard) -> Publication:
        """Publish all of a collection of which Milvus has lost what was published; the caller holds the writer's lock.

        Nothing of it is shown before all of it is there: a part would be taken for the whole.
        """
        with self.catalog.read() as connection:
            keys = entries.added(connection, collection.row, -1, collection.seq)
        return self._publish(there, collection, None, keys, [], advance)

    def _publish(
        self,
        there: MilvusCollection,
        collection: Collection,
        before: Publication | None,
        added: Sequence[int],
        dead: Sequence[int],
        advance: Advance,
    ) -> Publication:
        """Publish a collection up to its last write; the caller holds the writer's lock.

        Parameters:
            before: what is published so far; None for nothing.
            added: keys of passages that are live and not in it.
            dead: keys of passages that are in it and live no more.

        Errors:
            Gone, Unavailable: nothing is published then.
        """
        published = before or self.begun(collection.row)
        room = max(MOST_DEAD - len(published.dead), 0)
        try:
            if added and not published.build:
                # What was begun and never published goes.
                there.drop()
                build = self._begin_build(there, collection.row)
                published = there.make(published, build, collection.passages)
                there.switch(published)
            written = there.write(published, self.catalog, self.segments, added, advance)
            there.remove(published, self.catalog, dead[room:])
        except Gone:
            raise
        except Unavailable as error:
            raise Unavailable(
                f"what was written is kept, but cannot be searched yet: {error.detail}",
                field=error.field,
                remedy=f"{error.remedy}; the next write, or the service itself, publishes it",
            ) from error
        with self.catalog.read() as connection:
            last_key = entries.last_key(connection)
        departed = _with(published.departed, published.seq, dead[:room])
        written = published.written | written
        published = self.record(
            replace(published, seq=collection.seq, last_key=last_key, departed=departed, written=written)
        )
        return self.tidy(there, published)

    def _begin_build(self, there: MilvusCollection, row: int) -> int:
        """Number a build, and note that it is begun before Milvus has anything of it."""
        at_least = max(there.builds(), default=0) + 1
        with self.catalog.write() as tx:
            return publications.begin_build(tx, row, at_least)

    def record(self, published: Publication) -> Publication:
        """Record a publication, which is what readers see from then on; give it with its time and stamp."""
        made = replace(published, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
        with self.catalog.write() as tx:
            stamp = publications.put(tx, made.collection, made.seq, made.to_json())
        self.recorded()
        return replace(made, stamp=stamp)

    def tidy(self, there: MilvusCollection, published: Publication, *, at_once: bool = False) -> Publication:
        """Remove what no question asks for any more; where that fails, the next publication does it.

        Parameters:
            at_once: even what a question that is under way may still ask for.
        """
        due = [one for one in published.departed if at_once or is_over(one)]
        if not due and not published.retired:
            return published
        try:
            there.remove(published, self.catalog, [key for one in due for key in one.keys])
            if published.retired:
                # Milvus keeps what an alias stands for.
                there.switch(published)
            for build in published.retired:
                there.drop_build(build)
        except Unavailable as error:
            logger.warning("%s", error)
            return published
        left = tuple(one for one in published.departed if one not in due)
        return self.record(replace(published, departed=left, retired=()))

    def rebuild(
        self, there: MilvusCollection, collection: Collection, published: Callable[[], Publication | None]
    ) -> None:
        """Make the collections in Milvus anew beside those in use, and take them into use by one record.

        Questions go on all the while; writers wait for the last of it only. Whatever another rebuild has begun is
        removed, whether it was cut off or is still under way, which then fails.

        Parameters:
            published: reads what is published; None where that cannot be read.

        Errors:
            Unavailable: Milvus cannot be used, or another rebuild has begun meanwhile.
        """
        with self.catalog.writer_lock():
            with self.catalog.read() as connection:
                current = collections.find(connection, collection.name)
                keys = entries.added(connection, collection.row, -1, current.seq) if current else []
            if current is None or current.row != collection.row:
                return
            before = published()
            if before is not None:
                before = self.tidy(there, before)
            there.drop_builds_but({before.build} if before else {})
            if not keys:
                if before is None:
                    self.record(replace(self.begun(current.row), seq=current.seq))
                return
            build = self._begin_build(there, current.row)
        fresh = there.make(replace(before or self.begun(current.row), seq=-1, retired=()), build, len(keys))
        try:
            written = there.write(fresh, self.catalog, self.segments, keys)
        except Gone as error:
            with self.catalog.read() as connection:
                if publications.last_build(connection, current.row) != build:
                    raise _overtaken(collection) from error
            raise
        with self.catalog.writer_lock():
            self._take_into_use(there, current, replace(fresh, written=written))

    def _take_into_use(self, there: MilvusCollection, then: Collection, fresh: Publication) -> None:
        """Write to a build what came after it was begun, and record it; the caller holds the writer's lock.

        Parameters:
            then: the collection as the build has it.

        Errors:
            Unavailable: Milvus cannot be used, or another rebuild has begun meanwhile.
        """
        with self.catalog.read() as connection:
            now = collections.find(connection, then.name)
            if now is None or now.row != then.row:
                there.drop_build(fresh.build)
                return
            if publications.last_build(connection, now.row) != fresh.build:
                there.drop_build(fresh.build)
                raise _overtaken(then)
            late = entries.added(connection, now.row, then.seq, now.seq)
            dead = entries.gone(connection, now.row, then.seq, now.seq)
            last_key = entries.last_key(connection)
        written = fresh.written | there.write(fresh, self.catalog, self.segments, late)
        made = self.record(
            replace(
                fresh,
                seq=now.seq,
                last_key=last_key,
                departed=_with((), then.seq, dead),
                written=written,
                retired=tuple(one for one in there.builds() if one != fresh.build),
            )
        )
        self.tidy(there, made)


def _overtaken(collection: Collection) -> Unavailable:
    return Unavailable(
        "another rebuild, or an erasure, of it has begun meanwhile and has removed this one's index",
        field=collection.name,
        remedy="let that one end; the articles are as they were",
    )


def is_over(departed: Departed) -> bool:
    """Tell whether no question is under way any more that may ask for these."""
    return abs(time.time() - departed.at) >= GRACE_S


def _with(known: tuple[Departed, ...], since: int, dead: Sequence[int]) -> tuple[Departed, ...]:
    return (*known, Departed(since, round(time.time(), 3), tuple(dead))) if dead else known


def _steps(added: Sequence[tuple[int, int]]) -> list[tuple[int, list[int]]]:
    """Part keys, given with the sequence numbers of their writes, between two writes; the last number of each part."""
    steps: list[tuple[int, list[int]]] = []
    keys: list[int] = []
    for place, (seq, key) in enumerate(added):
        keys.append(key)
        ends = place + 1 == len(added) or added[place + 1][0] != seq
        if ends and (len(keys) >= STEP_PASSAGES or place + 1 == len(added)):
            steps.append((seq, keys))
            keys = []
    return steps
