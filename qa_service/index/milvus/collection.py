"""The collections in Milvus that stand for one of ours: of windows, and of sentences.

Each build has a number and names of its own; aliases stand for the build in use, so that a question finds either the
old or the new one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_service.index.legs import SENTENCE_BITS
from qa_service.index.milvus import rows, schema
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.publication import Publication
from qa_service.index.milvus.schema import KINDS, Kind, Layout
from qa_service.store import entries
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

    def make(self, published: Publication, passages: int) -> Publication:
        """Make an empty build for about so many passages; the first one is in use at once."""
        known = self._builds()
        build = max([published.build, *known]) + 1
        index = self.layout.index_kind(_SENTENCES * passages)
        for kind in KINDS:
            name = self.name(kind, build)

            def make(client: Any, name: str = name, kind: Kind = kind) -> None:
                schema.make(client, name, kind, self.dim, index, self.layout)

            self.server.change(make)
        made = replace(published, build=build, index=index, written={}, departed=())
        if not published.build:
            self.switch(made)
        return made

    def switch(self, published: Publication) -> None:
        """Have the aliases stand for a build."""
        for kind in KINDS:
            self.server.point(self.alias(kind), self.name(kind, published.build))

    def exists(self, published: Publication) -> bool:
        """Tell whether Milvus has a build."""
        return published.build in self._builds()

    def write(
        self, published: Publication, catalog: Catalog, segments: Segments, keys: Sequence[int]
    ) -> dict[str, int]:
        """Write the rows of passages, given by key; return Milvus's time of the last of each kind."""
        written: dict[str, int] = {}
        for start in range(0, len(keys), rows.PASSAGES):
            with catalog.read() as connection:
                some = rows.made(connection, segments, keys[start : start + rows.PASSAGES])
            self._upsert(published, "windows", some.windows, written)
            self._upsert(published, "sentences", some.sentences, written)
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

    def is_whole(self, published: Publication, passages: int) -> bool:
        """Tell whether the build is there and in use, with as many windows as passages and dead."""
        if not self.exists(published):
            return False
        if any(self.server.meant_by(self.alias(kind)) != self.name(kind, published.build) for kind in KINDS):
            return False
        return self.server.count(self.name("windows", published.build)) == passages + len(published.dead)

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
        wanted: dict[Kind, Keys] = {
            "windows": np.array(live, dtype=np.int64),
            "sentences": np.array([k for key in live for k in rows.sentence_keys(key, sizes[key])], dtype=np.int64),
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

    def _builds(self) -> list[int]:
        """List the builds that are whole or begun, by what Milvus has."""
        prefixes = tuple(f"{self.alias(kind)}_" for kind in KINDS)
        found = [name.rsplit("_", 1)[1] for name in self.server.collections() if name.startswith(prefixes)]
        return sorted({int(number) for number in found if number.isdigit()})
