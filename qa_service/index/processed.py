"""Whether what is to be indexed was processed with the settings that the index records."""

from __future__ import annotations

from qa_service.errors import Incompatible
from qa_service.store import articles
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection


def ensure_processed(catalog: Catalog, collection: Collection, pipeline: str) -> None:
    """Make sure that no article of a collection was processed in another way.

    Errors:
        Incompatible: one was.
    """
    with catalog.read() as connection:
        if articles.outdated(connection, collection.row, pipeline):
            raise Incompatible(
                f"collection {collection.name!r} holds articles that were processed with other settings",
                remedy="run `qa-service rebuild`",
            )
