"""Indexes that know of writes which the catalogue has lost.

A generation is published only once the catalogue holds durably what it covers, so it is never ahead of it. Where one
is, the end of the catalogue was lost: a damaged write-ahead log ends for SQLite where the damage begins, and nothing
tells of what stood behind it.
"""

from __future__ import annotations

import logging

from qa_service.errors import QAError
from qa_service.index.generation import Generations
from qa_service.index.generation_dir import GenerationDir
from qa_service.store import collections
from qa_service.store.catalog import Catalog

logger = logging.getLogger(__name__)

REMEDY = "restore the data directory from a backup, or ingest again what came last"


def discard_what_is_ahead(catalog: Catalog, generations: Generations) -> list[str]:
    """Remove the indexes that are ahead of the catalogue: its next writes get the numbers of those that were lost.

    The caller holds the writer's lock.

    Returns:
        What was lost, in a sentence for each collection.
    """
    with catalog.read() as connection:
        names = {one.row: one.name for one in collections.every(connection)}
        seq = connection.sequence()
    lost = []
    for directory in generations.directories():
        ahead = _last(directory) - seq
        if ahead > 0:
            row = int(directory.root.name)
            where = f"collection {names[row]}" if row in names else "a collection that the catalogue does not know"
            lost.append(f"{where}: the catalogue has lost its last writes, up to {ahead} of them ({REMEDY})")
            logger.error("%s", lost[-1])
            generations.erase(row)
    return lost


def _last(directory: GenerationDir) -> int:
    """Give the sequence number that the current generation covers; 0 if it cannot be read."""
    try:
        manifest = directory.read()
    except QAError:
        return 0
    return manifest.seq if manifest else 0
