"""Whether what is indexed, or is to be, was made with the settings that this process has."""

from __future__ import annotations

from qa_service.errors import Incompatible
from qa_service.index.manifest import Versions
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


def ensure_made_with(versions: Versions, recorded: Versions, where: str) -> None:
    """Make sure that an index was made with the versions of this process.

    Parameters:
        recorded: those that it was made with.
        where: the index, for the message.

    Errors:
        Incompatible: it was not.
    """
    if recorded == versions:
        return
    changed = ", ".join(recorded.differences(versions))
    models = f": model {recorded.model!r} then, {versions.model!r} now" if recorded.model != versions.model else ""
    raise Incompatible(
        f"the index was made with other settings ({changed}){models}",
        field=where,
        remedy="restore the old settings, or run `qa-service rebuild` to process the articles anew",
    )
