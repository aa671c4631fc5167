"""The collections in Milvus that stand for one of ours: of windows, and of sentences.

Each build has a number, which is given once, and so names of its own: a question asks for the build that the record
of its publication names. Aliases stand for the one in use.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_service.index.legs import SENTENCE_BITS
from qa_service.index.milvus import rows, schema
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.publication import Publication
from qa_service.index.milvus.schema import KINDS, Kind, Layout
from qa_service.progress import Advance, unheard
from qa_service.store import entries, publications
from qa_service.store.catalog import Catalog
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

Keys = NDArray[np.int64]
_ROWS = 2_000
"""Rows sent at once: some 4 MB."""
_SENTENCES = 10
"""About so many sentences a passage has."""
_REBUILD = "run `qa-service rebuild`"


@dataclass(frozen=True, slots=True)
class MilvusCollection:
    """Names and makes them; `catalogue` is the name by which Milvus knows our catalogue."""

    server: MilvusServer
    catalogue: str
    row: int
    dim: int
    layout: Layout

    def alias(self, kind: Kind) -> str:
        """Name what stands for the build in use."""
        return f"{self._prefix}{kind}"

    @property
    def _prefix(self) -> str:
        """How the names of all that is ours begin."""
        return f"qa_{self.catalogue}_{self.row}_"

    def name(self, kind: Kind, build: int) -> str:
        """Name a collection of a build."""
        return f"{self.alias(kind)}_{build}"

    def make(self, published: Publication, build: int, passages: int) -> Publication:
        """Make an empty build for about so many passages, beside the one in use."""
        index = self.layout.index_kind(_SENTENCES * passages)
        for kind in KINDS:
            name = self.name(kind, build)

            def make(client: Any, name: str = name, kind: Kind = kind) -> None:
                schema.make(client, name, kind, self.dim, index, self.layout)

            self.server.change(make)
        return replace(published, build=build, index=index, written={}, departed=())

    def switch(self, published: Publication) -> None:
        """Have the aliases stand for a build, for whoever looks into Milvus; we ask by the names of builds."""
        for kind in KINDS:
            self.server.point(self.alias(kind), self.name(kind, published.build))

    def exists(self, published: Publication) -> bool:
        """Tell whether Milvus has all of a build."""
        return {self.name(kind, published.build) for kind in KINDS} <= set(self.server.collections())

    def write(
        self,
        published: Publication,
        catalog: Catalog,
        segments: Segments,
        keys: Sequence[int],
        advance: Advance = unheard,
    ) -> dict[str, int]:
        """Write the rows of passages, given by key; return Milvus's time of the last of each kind.

        Parameters:
            advance: told of each number of passages that are written.
        """
        written: dict[str, int] = {}
        for start in range(0, len(keys), rows.PASSAGES):
            chunk = keys[start : start + rows.PASSAGES]
            with catalog.read() as connection:
                some = rows.made(connection, segments, chunk)
            self._upsert(published, "windows", some.windows, written)
            self._upsert(published, "sentences", some.sentences, written)
            advance(len(chunk))
        return written

    def _upsert(self, published: Publication, kind: Kind, given: Sequence[rows.Row], written: dict[str, int]) -> None:
        for start in range(0, len(given), _ROWS):
            at = self.server.upsert(self.name(kind, published.build), given[start : start + _ROWS])
            if at is not None:
                written[kind] = max(at, written.get(kind, 0))

    def remove(self, published: Publication, catalog: Catalog, keys: Sequence[int]) -> None:
        """Remove the rows of passages, given by key, as long as the catalogue still has theirs."""
        if not keys or not published.build:
            return
        with catalog.read() as connection:
            sizes = entries.sizes(connection, keys)
        sentences = [key for passage, count in sizes.items() for key in rows.sentence_keys(passage, count)]
        self.server.delete(self.name("windows", published.build), list(keys))
        self.server.delete(self.name("sentences", published.build), sentences)

    def is_whole(self, published: Publication, catalog: Catalog) -> bool:
        """Tell whether the build is there, with as many windows and sentences as live and dead passages have."""
        if not self.exists(published):
            return False
        # Rows beyond are of writes that an older catalogue, put back, knows nothing of: as many of its own may lack.
        if self.server.count(self.name("windows", published.build), f"key > {published.last_key}"):
            return False
        with catalog.read() as connection:
            passages, sentences = entries.totals(connection, self.row, published.seq)
            dead = entries.sizes(connection, published.dead)
        wanted: dict[Kind, int] = {"windows": passages + len(dead), "sentences": sentences + sum(dead.values())}
        return all(self.server.count(self.name(kind, published.build)) == wanted[kind] for kind in KINDS)

    def mend(self, published: Publication, catalog: Catalog, segments: Segments) -> Publication:
        """Write what Milvus lacks of what is published, and remove what it has too many."""
        missing, surplus = self._differences(published, catalog)
        if any(map(len, missing.values())) or any(map(len, surplus.values())):
            logger.warning(
                "collection %d in Milvus lacks %d passages and has %d rows too many; it is mended",
                self.row,
                len(np.union1d(missing["windows"], missing["sentences"])),
                sum(map(len, surplus.values())),
            )
        for kind in KINDS:
            self.server.delete(self.name(kind, published.build), surplus[kind].tolist())
        passages = np.union1d(missing["windows"], missing["sentences"]).tolist()
        written = self.write(published, catalog, segments, passages)
        return replace(published, departed=(), written=published.written | written)

    def problems(self, published: Publication, catalog: Catalog) -> Iterator[str]:
        """Tell what Milvus lacks, and what it has too many."""
        if not self.exists(published):
            yield f"{self.name('windows', published.build)} is not in Milvus ({_REBUILD})"
            return
        with catalog.read() as connection:
            # The last one that was begun may be under way; if not, the next rebuild removes it.
            last = publications.last_build(connection, self.row)
        known = (published.build, *published.retired, last)
        if other := [build for build in self.builds() if build not in known]:
            yield f"Milvus has builds {other} of it that nobody uses (run `qa-service compact --erase`)"
        missing, surplus = self._differences(published, catalog)
        for kind in KINDS:
            # What is about to be removed is known to questions, too.
            owners = surplus[kind] >> SENTENCE_BITS if kind == "sentences" else surplus[kind]
            surplus[kind] = surplus[kind][~np.isin(owners, np.array(published.dead, dtype=np.int64))]
            if len(missing[kind]):
                yield f"{len(missing[kind])} passages lack {kind} in Milvus ({_REBUILD})"
            if len(surplus[kind]):
                yield f"Milvus has {len(surplus[kind])} {kind} of passages that are gone ({_REBUILD})"

    def _differences(self, published: Publication, catalog: Catalog) -> tuple[dict[Kind, Keys], dict[Kind, Keys]]:
        """Give by kind the passages of which rows are missing, and the keys of rows that are too many."""
        with catalog.read() as connection:
            live = entries.added(connection, self.row, -1, published.seq)
            sizes = entries.sizes(connection, live)
        windows = np.array(live, dtype=np.int64)
        counts = np.array([sizes[key] for key in live], dtype=np.int64)
        numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        wanted: dict[Kind, Keys] = {
            "windows": windows,
            "sentences": (np.repeat(windows, counts) << SENTENCE_BITS) + numbers,
        }
        missing: dict[Kind, Keys] = {}
        surplus: dict[Kind, Keys] = {}
        for kind in KINDS:
            held = self.server.keys(self.name(kind, published.build))
            surplus[kind] = np.setdiff1d(held, wanted[kind])
            lacking = np.setdiff1d(wanted[kind], held)
            missing[kind] = np.unique(lacking >> SENTENCE_BITS) if kind == "sentences" else lacking
        return missing, surplus

    def drop(self) -> None:
        """Remove everything of ours."""
        self.server.drop_all(self._prefix)

    def drop_build(self, build: int) -> None:
        """Remove a build."""
        for kind in KINDS:
            self.server.drop(self.name(kind, build))

    def drop_builds_but(self, kept: Container[int]) -> None:
        """Remove all builds, whole or begun, but these."""
        for build in self.builds():
            if build not in kept:
                logger.info("build %d of collection %d is removed from Milvus", build, self.row)
                self.drop_build(build)

    def builds(self) -> list[int]:
        """List the builds of which Milvus has anything."""
        prefixes = tuple(f"{self.alias(kind)}_" for kind in KINDS)
        found = [name.rsplit("_", 1)[1] for name in self.server.collections() if name.startswith(prefixes)]
        return sorted({int(number) for number in found if number.isdigit()})
