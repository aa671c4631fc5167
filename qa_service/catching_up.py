"""Bringing a successor up to the catalogue that is in use, which goes on being written meanwhile.

What is missing, other or too much in the successor is found by comparing what articles were given as, never by what was
done before: an interrupted round, or one that never took place, needs no remembering. Articles are processed anew from
their bytes and go the way of every ingest, so that counters, copies and furniture are right. Vectors of the same
encoder are taken over.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from embeddings.encoder import Vectors
from qa_service import shelves
from qa_service.errors import BadInput, Damaged, Incompatible
from qa_service.index.indexes import Indexes
from qa_service.ingest import Adopted, Ingestor
from qa_service.progress import Advance, unheard
from qa_service.store import articles, collections, divergence, furniture, jobs, passages
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.divergence import Divergence
from qa_service.store.segments import Segments

SMALL = 20
"""A round that changed no more than this is followed by the last one."""
MOST_ROUNDS = 100
"""Rounds after which the last one begins, however much there is to do: articles come faster than they are processed."""
_REMOVED_AT_ONCE = 500
_WORTH_ALL = 0.1
"""Share of a collection's articles that are new, above which furniture is learnt from all of them at once."""


class CatchingUp:
    """The way from the catalogue in use to a successor's; not safe for threads."""

    def __init__(
        self,
        live: Catalog,
        live_segments: Segments,
        live_generations: Indexes,
        catalog: Catalog,
        generations: Indexes,
        ingestor: Ingestor,
    ) -> None:
        self._live = live
        self._live_segments = live_segments
        self._live_generations = live_generations
        self._catalog = catalog
        self._generations = generations
        self._ingestor = ingestor
        self._done: dict[str, tuple[Collection, Collection]] = {}

    def left(self) -> int:
        """Count the articles that differ now."""
        with self._reading() as live:
            wanted = collections.every(live)
            with self._catalog.read() as own:
                mine = {one.name: one for one in collections.every(own)}
                return sum(
                    len(divergence.compare(live, one.row, own, mine[one.name].row))
                    if one.name in mine
                    else one.articles
                    for one in wanted
                )

    def catch_up(self, advance: Advance = unheard) -> None:
        """Go round until little is left to do.

        Errors:
            Incompatible: an article cannot be processed with the new settings. Damaged: its bytes are, or a file of
                either catalogue is: its field begins with where that is, but for rows of the successor's own.
            Unavailable: the data directory cannot be written.
        """
        for _ in range(MOST_ROUNDS):
            if self.round(advance) <= SMALL:
                return

    def round(self, advance: Advance = unheard, *, learn: bool = True) -> int:
        """Make every collection what it is in the catalogue in use; tell how many articles that took.

        Errors:
            As for `catch_up`.
        """
        with self._reading() as live:
            wanted = {one.name: one for one in collections.every(live)}
        with self._catalog.read() as own:
            superfluous = [one.name for one in collections.every(own) if one.name not in wanted]
        for name in superfluous:
            shelves.delete(self._catalog, self._generations, name)
            self._done.pop(name, None)
        self._ingestor.borrow(self._vectors, self._live.release)
        try:
            return len(superfluous) + sum(self._follow(name, advance, learn=learn) for name in wanted)
        finally:
            self._ingestor.borrow(None)

    def finish(self) -> None:
        """Make the last round and take the jobs over; the caller holds the writer's lock of the catalogue in use.

        What furniture is to be learnt from the last articles is learnt at the next ingest, as after a crash.

        Errors:
            As for `catch_up`.
        """
        self.round(learn=False)
        with self._reading() as live, self._catalog.writer_lock(), self._catalog.write() as tx:
            jobs.carry_over(live, tx)

    def _follow(self, name: str, advance: Advance, *, learn: bool) -> int:
        with self._reading() as live:
            given = collections.find(live, name)
            if given is None:
                return 0  # it was deleted since; the next round deletes it here
            own = self._made(given)
            if self._done.get(name) == (given, own):
                return 0
            with self._catalog.read() as connection:
                found = divergence.compare(live, given.row, connection, own.row)
        first = self._generations.current(own.row) is None
        removed = self._remove(own, found.gone, advance)
        self._adopt(name, found, advance, publish=not first)
        if learn:
            self._learn(own, removed, first=first)
        self._index(name)
        with self._catalog.read() as connection:
            self._done[name] = given, collections.get(connection, name)
        return len(found)

    def _made(self, given: Collection) -> Collection:
        """Give the successor's collection of a name, made now if need be with what is furniture in the other."""
        with self._catalog.read() as connection:
            own = collections.find(connection, given.name)
        if own is not None and own.created_at == given.created_at:
            return own
        marks = self._furniture(given)
        with self._catalog.writer_lock(), self._catalog.write() as tx:
            if own is None:
                own = collections.make(tx, given.name, given.created_at)
                furniture.change(tx, own.row, marks, ())
            collections.date(tx, own.row, given.created_at)
            return collections.get(tx.connection, given.name)

    def _furniture(self, given: Collection) -> set[tuple[str, int]]:
        """Read what was learnt, if lines are recognised in the same way: then less has to be processed twice."""
        with contextlib.suppress(Damaged, Incompatible):
            manifest = self._live_generations.current(given.row)
            versions = self._generations.versions
            same = (versions.furniture, versions.prints)
            if manifest is not None and (manifest.versions.furniture, manifest.versions.prints) == same:
                with self._live.read() as connection:
                    return furniture.learnt(connection, given.row)
        return set()

    def _remove(self, own: Collection, gone: Sequence[str], advance: Advance) -> Counter[str]:
        """Remove articles; count them by site."""
        sites: Counter[str] = Counter()
        for start in range(0, len(gone), _REMOVED_AT_ONCE):
            some = gone[start : start + _REMOVED_AT_ONCE]
            with self._catalog.read() as connection:
                sites.update(articles.sites_of_ids(connection, own.row, some).values())
            self._ingestor.remove(some, own.name)
            advance(len(some))
        return sites

    def _adopt(self, name: str, found: Divergence, advance: Advance, *, publish: bool) -> None:
        try:
            with contextlib.closing(self._ingestor.adopt(self._given(found.fresh), name, publish=publish)) as batches:
                for count in batches:
                    advance(count)
        except BadInput as error:
            raise Incompatible(
                f"an article of collection {name!r} cannot be processed with these settings: {error}",
                remedy="see to the setting, or delete the article; what is in use stays as it is",
            ) from error

    def _given(self, rows: Sequence[int]) -> Iterator[Adopted]:
        """Read articles, but for those that are gone by now; the next round sees to them."""
        for row in rows:
            with self._reading() as connection:
                found = articles.content(connection, row)
                since = articles.ingested_at(connection, row) if found else ""
            if found is not None:
                yield found[0], found[1], since

    def _learn(self, own: Collection, removed: Mapping[str, int], *, first: bool) -> None:
        with self._catalog.read() as connection:
            fresh = len(furniture.not_learnt(connection, own.row))
            count = collections.get(connection, own.name).articles
        if first or fresh > _WORTH_ALL * count:
            self._ingestor.settle(own.name, publish=not first)
        elif fresh or removed:
            self._ingestor.learn(own.name, removed)

    def _index(self, name: str) -> None:
        """Publish what is not, as a new base where it is worth one."""
        with self._catalog.read() as connection:
            own = collections.get(connection, name)
        manifest = self._generations.manifest(own.row)
        if manifest is None:
            self._generations.compact(own, anew=True)
        elif manifest.seq != own.seq:
            with self._catalog.writer_lock():
                self._generations.publish_delta(own)
        if manifest is not None and self._generations.is_due(own.row):
            self._generations.compact(own)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Read the catalogue in use; its path is told with what is damaged, lest that be taken for the successor's."""
        try:
            with self._live.read() as connection:
                yield connection
        except Damaged as error:
            if error.field is None or Path(error.field).is_relative_to(self._live.data_dir):
                raise
            field = f"{self._live.where}, {error.field.removeprefix(f'{Path(self._live.where).name}, ')}"
            raise Damaged(error.detail, field=field, remedy=error.remedy) from error

    def _vectors(self, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        """Find blocks among those in use."""
        found: dict[bytes, Vectors] = {}
        with self._live.read() as connection:
            blocks = passages.find_blocks(connection, hashes)
        for block_hash, block in blocks.items():
            with contextlib.suppress(Damaged):  # it is encoded again
                found[block_hash] = self._live_segments.checked(block)
        return found
