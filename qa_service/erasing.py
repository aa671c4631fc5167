"""Compacting everything at once, and erasing: nothing of what was deleted is left in any file.

What a rebuild with another model has made and is not in use yet (see `store.successor`) goes first, and what it has
replaced. The order of the rest, so that a crash at any point leaves everything that is live in its place, and readers
what they read:

1. vectors of live passages are moved out of segments that hold dead ones;
2. new bases are built of what is live, and published; the rows of the dead are removed;
3. superseded generations are removed, durably;
4. words that nobody uses any more are removed;
5. the segments that were left are taken out of the catalogue, then their files are removed;
6. the catalogue is written anew (VACUUM), and its log emptied.
"""

from __future__ import annotations

from pathlib import Path

from qa_service.errors import Unavailable
from qa_service.index.generation import Generations
from qa_service.store import collections, moves, replacement, successor, words
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

WORTH_LEAVING = 0.5
"""Share of a segment that must be dead before what is live in it is moved, when nothing has to be erased."""


def compact_everything(catalog: Catalog, segments: Segments, generations: Generations, *, erase: bool) -> None:
    """Fold every collection into a new base and give back what the dead take up.

    What was deleted or replaced before this began is in no file when it returns, if `erase`: neither texts nor words
    nor vectors. What is deleted meanwhile waits for the next time. Others may read and write all the while.

    Parameters:
        erase: leave nothing of what is dead, which writes every file anew that holds any of it.

    Errors:
        Damaged: vectors fail their checksum. Unavailable: the data directory cannot be written; or, with `erase`, a
        rebuild is under way, or what was in use before one is still read.
    """
    if erase:
        _remove_others(catalog.data_dir)
    with catalog.read() as connection:
        least = 0.0 if erase else WORTH_LEAVING
        dirty = [one for one in moves.usage(connection, segments) if one.is_worth_leaving(least)]
    moves.leave(catalog, segments, dirty)
    for collection in _every(catalog):
        if generations.compact(collection, anew=True) is None:
            continue  # it was deleted meanwhile, with all that it had
        if erase or dirty:
            generations.remove_superseded(collection)
        with catalog.writer_lock(), catalog.write() as tx:
            words.erase_unused(tx, collection.row)
    moves.forget_left(catalog, segments, dirty)
    if erase:
        with catalog.writer_lock():
            catalog.shrink()


def _remove_others(data_dir: Path) -> None:
    """Remove what a rebuild has made so far, which may hold what was deleted since, or what it has replaced."""
    successor.remove_unused(data_dir)
    if not replacement.remove_superseded(data_dir):
        raise Unavailable(
            "the index from before the rebuild is still in use, with what was deleted",
            field=str(data_dir),
            remedy="wait until requests and commands that began before the rebuild ended are done, or restart the"
            " server; then run `qa-service compact --erase` again",
        )


def _every(catalog: Catalog) -> list[Collection]:
    with catalog.read() as connection:
        return collections.every(connection)
