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
        advance: Callable[[int], None] = lambda _: None,
    ) -> Publication:
        """Publish what the catalogue has beyond a publication, a part after the other; who is cut off goes on there.

        The caller holds the writer's lock.

        Parameters:
            before: what is published so far; None for nothing.
            advance: told of each number of passages that are there.

        Errors:
            Unavailable: Milvus cannot be reached; the parts before are published.
        """
        since = before.seq if before is not None else -1
        with self.catalog.read() as connection:
            steps = _steps(entries.added_in_turn(connection, collection.row, since, collection.seq))
        if before is None and steps:
            # What was begun and never published.
            there.drop()
        if not steps or steps[-1][0] != collection.seq:
            steps.append((collection.seq, []))
        known = before
        for seq, keys in steps:
            with self.catalog.read() as connection:
                dead = entries.gone(connection, collection.row, since, seq) if known is not None else []
            known = self._publish(there, replace(collection, seq=seq), known, keys, dead)
            since = seq
            advance(len(keys))
        assert known is not None
        return known

    def _publish(
        self,
        there: MilvusCollection,
        collection: Collection,
        before: Publication | None,
        added: Sequence[int],
        dead: Sequence[int],
    ) -> Publication:
        """Publish a collection up to its last write; the caller holds the writer's lock.

        Parameters:
            before: what is published so far; None for nothing.
            added: keys of passages that are live and not in it.
            dead: keys of passages that are in it and live no more.

        Errors:
            Unavailable: Milvus cannot be reached; nothing is published then.
        """
        published = before or self.begun(collection.row)
        room = max(MOST_DEAD - len(published.dead), 0)
        try:
            if added and not published.build:
                published = there.make(published, collection.passages)
            written = there.write(published, self.catalog, self.segments, added)
            there.remove(published, self.catalog, dead[room:])
        except Unavailable as error:
            raise Unavailable(
                f"what was written is kept, but cannot be searched yet: {error.detail}",
                field=error.field,
                remedy="see that Milvus runs and can be reached; the next write, or the service itself, publishes it",
            ) from error
        with self.catalog.read() as connection:
            last_key = entries.last_key(connection)
        departed = _with(published.departed, published.seq, dead[:room])
        written = published.written | written
        published = self.record(
            replace(published, seq=collection.seq, last_key=last_key, departed=departed, written=written)
        )
        return self.tidy(there, published)

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
            for build in published.retired:
                there.drop_build(build)
        except Unavailable as error:
            logger.warning("%s", error)
            return published
        left = tuple(one for one in published.departed if one not in due)
        return self.record(replace(published, departed=left, retired=()))

    def rebuild(self, there: MilvusCollection, collection: Collection, before: Publication | None) -> None:
        """Make the collections in Milvus anew beside those in use, and have the aliases stand for them.

        Questions go on all the while; writers wait for the last of it only.
        """
        with self.catalog.read() as connection:
            current = collections.find(connection, collection.name)
            keys = entries.added(connection, collection.row, -1, current.seq) if current else []
        if current is None or current.row != collection.row or not keys:
            return
        fresh = there.make(replace(before or self.begun(current.row), seq=-1), len(keys))
        written = there.write(fresh, self.catalog, self.segments, keys)
        with self.catalog.writer_lock():
            with self.catalog.read() as connection:
                now = collections.find(connection, collection.name)
                if now is None or now.row != collection.row:
                    there.drop_build(fresh.build)
                    return
                late = entries.added(connection, now.row, current.seq, now.seq)
                dead = entries.gone(connection, now.row, current.seq, now.seq)
                last_key = entries.last_key(connection)
            written |= there.write(fresh, self.catalog, self.segments, late)
            retired = (before.build,) if before and before.build else ()
            published = self.record(
                replace(
                    fresh,
                    seq=now.seq,
                    last_key=last_key,
                    departed=_with((), current.seq, dead),
                    written=written,
                    retired=retired,
                )
            )
            there.switch(published)
            self.tidy(there, published)


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
