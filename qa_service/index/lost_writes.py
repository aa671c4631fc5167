"""Indexes that know of writes which the catalogue has lost.

A generation is published only once the catalogue holds durably what it covers, so it is never ahead of it. Where one
is, the end of the catalogue was lost: a damaged write-ahead log ends for SQLite where the damage begins, and nothing
tells of what stood behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qa_service.errors import Damaged, Unavailable
from qa_service.index.generation_dir import every_directory
from qa_service.store import collections, files
from qa_service.store.catalog import Catalog

if TYPE_CHECKING:  # it opens indexes, which who only lists articles need not wait for
    from qa_service.index.generation import Generations

logger = logging.getLogger(__name__)

_AGAIN = "and ingest and delete again what was ingested and deleted last"
REMEDY = f"restore the data directory from a backup; or run `qa-service rebuild` to go on with what is left, {_AGAIN}"
REMEDY_BESIDE = (
    "restore the data directory from a backup; or first run `qa-service rebuild` with the model and the settings of"
    f" before to go on with what is left, {_AGAIN}"
)
"""For who makes another index of what is left, which accepts no loss."""


def ensure_none_lost(catalog: Catalog, remedy: str = REMEDY) -> None:
    """Make sure that no index is ahead of the catalogue; nobody who writes is waited for, or in the way.

    Args:
        catalog: what may have lost writes.
        remedy: what the reader can do about it.

    Errors:
        Damaged: one is. What is left has articles that were deleted or replaced; so it is not served unasked.
    """
    ahead = _ahead(catalog)
    if not ahead:
        return
    row, where = min(_named(catalog, ahead).items())
    raise Damaged(
        f"the catalogue has lost its last writes, {ahead[row]} or more, those of {where} among them",
        field=catalog.where,
        remedy=remedy,
    )


def accept_loss(catalog: Catalog, generations: Generations) -> None:
    """Remove the indexes that are ahead of the catalogue, and log whose; the caller holds the writer's lock.

    All generations of such a collection go: numbers of lost writes and passages are given again, so that none of them
    may be taken for what was written since, nor take over when a file of a later one turns out to be damaged.

    Errors:
        Unavailable: one cannot be removed.
    """
    ahead = _ahead(catalog)
    named = _named(catalog, ahead)
    for row, writes in ahead.items():
        logger.warning(
            "the catalogue has lost its last writes, %d or more, those of %s among them; going on with what is left",
            writes,
            named[row],
        )
        generations.erase(row)
        root = generations.directory(row).root
        # Before the catalogue goes on: left over, or come back after a power cut, they might be no longer ahead.
        if root.exists():
            raise Unavailable(
                "an index with lost writes cannot be removed",
                field=str(root),
                remedy="remove this folder, then run `qa-service rebuild` again",
            )
        files.sync_directory(root.parent)


def _named(catalog: Catalog, rows: Iterable[int]) -> dict[int, str]:
    """Name collections by their rows."""
    with catalog.read() as connection:
        names = {one.row: one.name for one in collections.every(connection)}
    unknown = "a collection that it does not know any more"
    return {row: f"collection {names[row]!r}" if row in names else unknown for row in rows}


def _ahead(catalog: Catalog) -> dict[int, int]:
    """Tell by how many writes indexes are ahead of the catalogue, by their collections' rows."""
    # Read before the catalogue: what is written and published from now on is not taken for lost.
    covered = [(int(directory.root.name), directory.last_seq()) for directory in every_directory(catalog.root)]
    with catalog.read() as connection:
        seq = connection.sequence()
    return {row: last - seq for row, last in covered if last > seq}
