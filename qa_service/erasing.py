"""Giving back what the dead take up, compacting everything at once, and erasing: nothing of the deleted in any file.

What a rebuild with another model has made and is not in use yet (see `store.successor`) goes first, and what it has
replaced. The order of the rest, so that a crash at any point leaves everything that is live in its place, and readers
what they read:

1. vectors of live passages are moved out of segments that hold dead ones;
2. new bases are built of what is live, and published; the rows of the dead are removed;
3. superseded generations are removed, durably;
4. words that nobody uses any more are removed;
5. the segments that were left are taken out of the catalogue, then their files are removed;
6. the indexes of deleted collections are removed, durably;
7. the catalogue is written anew (VACUUM), and its log emptied.
"""

from __future__ import annotations

import logging
from pathlib import Path

from qa_service.errors import Unavailable
from qa_service.index.indexes import Indexes
from qa_service.store import collections, moves, replacement, successor, words
from qa_service.store.catalog import Catalog
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments

logger = logging.getLogger(__name__)

WORTH_LEAVING = 0.5
"""Share of a segment that must be dead before what is live in it is moved, when nothing has to be erased."""
MOST_DEAD = 0.25
"""Dead vectors in such segments, for each live one of all, that a server puts up with: to leave segments takes new
bases of all collections, whose cost is thus shared by as many writes."""
MOST_DEAD_AT_LEAST = 20_000
"""Of few live vectors it puts up with so many dead ones; with 384 dimensions they take 31 MB."""
ATTEMPTS = 3
"""How often an erasure leaves segments that others begin to use again meanwhile, before it gives up."""


def compact_everything(catalog: Catalog, segments: Segments, generations: Indexes, *, erase: bool) -> None:
    """Fold every collection into a new base and give back what the dead take up.

    What was deleted or replaced before this began is in no file when it returns, if `erase`: neither texts nor words
    nor vectors. What is deleted meanwhile waits for the next time. Others may read and write all the while.

    Parameters:
        erase: leave nothing of what is dead, which writes every file anew that holds any of it.

    Errors:
        Damaged: vectors fail their checksum. Unavailable: the data directory cannot be written; or, with `erase`, a
        file cannot be removed, a rebuild is under way, what was in use before one is still read, or vectors of the dead
        lie beside some that others take into use again and again.
    """
    if erase:
        _remove_others(catalog.data_dir)
    with catalog.read() as connection:
        least = 0.0 if erase else WORTH_LEAVING
        dirty = [one for one in moves.usage(connection, segments) if one.is_worth_leaving(least)]
    left = _compact(catalog, segments, generations, dirty, erase=erase)
    if erase:
        # Whoever hands a text in anew that was there before uses its vectors, and with them the whole segment.
        for _ in range(ATTEMPTS - 1):
            left = _compact(catalog, segments, generations, left, erase=True) if left else []
        if left:
            raise _still_used(segments, left)
        with catalog.writer_lock():
            generations.erase_unknown({one.row for one in _every(catalog)}, surely=True)
        catalog.shrink()


def reclaim(catalog: Catalog, segments: Segments, generations: Indexes) -> bool:
    """Give back the segments of which half is dead, once that is much; what a server does after a compaction.

    Then no more vectors are dead than live, and a quarter of these or a few: the disk they take is bounded by what
    lives, however often it is replaced. Others may read and write all the while.

    Returns:
        Whether anything was given back; every collection then has a new base.

    Errors:
        Damaged: vectors fail their checksum. Unavailable: the data directory cannot be written.
    """
    with catalog.read() as connection:
        used = moves.usage(connection, segments)
    dirty = [one for one in used if one.is_worth_leaving(WORTH_LEAVING)]
    dead = sum(one.records - one.live for one in dirty)
    if dead <= max(MOST_DEAD_AT_LEAST, MOST_DEAD * sum(one.live for one in used)):
        # What was cut off just before its end left files behind.
        if segments.has_unknown():
            with catalog.writer_lock():
                segments.remove_unknown()
        return False
    logger.info("segments with %d vectors of what was deleted or replaced are given back", dead)
    _compact(catalog, segments, generations, dirty, erase=False)
    return True


def _compact(
    catalog: Catalog, segments: Segments, generations: Indexes, dirty: list[moves.Usage], *, erase: bool
) -> list[moves.Usage]:
    """Do steps 1 to 5; give the segments that have to stay, with what is dead in them.

    Every collection gets a new base, where bases name segments: one may need a segment that none of its rows names any
    more, where this was cut off after its vectors were moved.
    """
    moves.leave(catalog, segments, dirty)
    for collection in _every(catalog):
        if generations.compact(collection, force=True, anew=erase or generations.names_blocks) is None:
            continue  # it was deleted meanwhile, with all that it had
        if erase or dirty:
            generations.remove_superseded(collection)
        with catalog.writer_lock(), catalog.write() as tx:
            words.erase_unused(tx, collection.row)
    return moves.forget_left(catalog, segments, dirty)


def _still_used(segments: Segments, left: list[moves.Usage]) -> Unavailable:
    names = ", ".join(segments.name(one.segment) for one in left)
    return Unavailable(
        "vectors of what was deleted are still there: texts that had been deleted were handed in again meanwhile",
        field=names,
        remedy="run `qa-service compact --erase` again",
    )


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
