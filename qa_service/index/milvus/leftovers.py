"""What is in Milvus of collections and catalogues that are no more: it is removed when Milvus can be reached."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from dataclasses import dataclass

from qa_service.errors import Unavailable
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.collection import MilvusCollection
from qa_service.store import identity, publications
from qa_service.store.catalog import Catalog

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Finds and removes them; `forgotten` is called when a publication is taken back."""

    catalog: Catalog
    server: MilvusServer
    forgotten: Callable[[], None]

    def erase(self, there: MilvusCollection) -> None:
        """Remove all of one of our collections, now or later; the caller holds the writer's lock."""
        try:
            there.drop()
        except Unavailable as error:
            logger.warning("%s", error)
            return
        with self.catalog.write() as tx:
            publications.forget(tx, there.row)
        self.forgotten()

    def are_there(self, rows: Container[int]) -> bool:
        """Tell whether there is something of other collections than those of these rows, or of other catalogues."""
        return bool(self.of_collections(rows) or identity.left(self.catalog))

    def of_collections(self, rows: Container[int]) -> list[int]:
        """List the rows of the other collections."""
        with self.catalog.read() as connection:
            return publications.unknown(connection, rows)

    def erase_catalogues(self) -> None:
        """Remove all of catalogues that were replaced, or given up; the caller holds the writer's lock."""
        for name in identity.left(self.catalog):
            try:
                self.server.drop_all(f"qa_{name}_")
            except Unavailable as error:
                logger.warning("%s", error)
                continue
            with self.catalog.write() as tx:
                identity.removed(tx, name)
