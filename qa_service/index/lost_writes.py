"""Indexes that know of writes which the catalogue has lost.

A generation is published only once the catalogue holds durably what it covers, so it is never ahead of it. Where one
is, the end of the catalogue was lost: a damaged write-ahead log ends for SQLite where the damage begins, and nothing
tells of what stood behind it.
"""

from __future__ import annotations

from qa_service.errors import Damaged, QAError
from qa_service.index.generation import Generations
from qa_service.index.generation_dir import GenerationDir
from qa_service.store import collections
from qa_service.store.catalog import Catalog

REMEDY = (
    "restore the data directory from a backup; or run `qa-service rebuild` to go on with what is left, and ingest and"
    " delete again what was ingested and deleted last"
)


def ensure_none_lost(catalog: Catalog, generations: Generations) -> None:
    """Make sure that no index is ahead of the catalogue; nobody who writes is waited for, or in the way.

    Errors:
        Damaged: one is. What is left has articles that were deleted or replaced; so it is not served unasked.
    """
    # Read before the catalogue: what is written and published from now on is not taken for lost.
    covered = [(int(directory.root.name), _last(directory)) for directory in generations.directories()]
    with catalog.read() as connection:
        names = {one.row: one.name for one in collections.every(connection)}
        seq = connection.sequence()
    for row, last in covered:
        ahead = last - seq
        if ahead > 0:
            name = names.get(row)
            where = f"collection {name!r}" if name else "a collection that it does not know any more"
            raise Damaged(
                f"the catalogue has lost its last writes, {ahead} or more, those of {where} among them",
                field=str(catalog.path),
                remedy=REMEDY,
            )


def _last(directory: GenerationDir) -> int:
    """Give the sequence number that the current generation covers; 0 if it cannot be read."""
    try:
        manifest = directory.read()
    except QAError:
        return 0
    return manifest.seq if manifest else 0
