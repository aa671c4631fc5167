"""Writing down what was learnt of a collection's furniture, so that a crash in between is found and made good."""

from __future__ import annotations

from collections.abc import Sequence

from qa_service import learning
from qa_service.learning import Findings
from qa_service.store import furniture
from qa_service.store.catalog import Catalog


def record(catalog: Catalog, collection: int, fresh: Sequence[int], found: Findings) -> list[int]:
    """Record what was learnt, and from which new articles.

    Returns:
        The rows of articles to be processed anew: another process may have cut them meanwhile, not knowing of it yet.
    """
    changed = found.learnt | found.forgotten
    if changed or fresh:
        with catalog.writer_lock(), catalog.write() as tx:
            furniture.change(tx, collection, found.learnt, found.forgotten)
            furniture.mark_learnt(tx, fresh)
            if changed:
                furniture.begin(tx, collection)
    if not changed:
        return []
    with catalog.read() as connection:
        return learning.stale(connection, collection, changed)


def finish(catalog: Catalog, collection: int) -> None:
    """Record that the articles that what was learnt concerns were processed anew."""
    with catalog.read() as connection:
        unfinished = furniture.is_unfinished(connection, collection)
    if unfinished:
        with catalog.writer_lock(), catalog.write() as tx:
            furniture.finish(tx, collection)
