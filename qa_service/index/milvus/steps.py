"""Publishing a large collection a part after the other, so that whoever is interrupted goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.index.milvus.publication import Publication
from qa_service.store import entries
from qa_service.store.collections import Collection

STEP_PASSAGES = 2_000
"""About so many passages are published at once."""


def recover(indexes: MilvusIndexes, collection: Collection, advance: Callable[[int], None]) -> Publication:
    """Do what `MilvusIndexes.recover` does, in steps; the caller holds the writer's lock.

    Parameters:
        advance: told of each number of passages that are there.

    Errors:
        Incompatible, Unavailable: as for that.
    """
    before = indexes.manifest(collection.row)
    there = indexes.collection(collection.row)
    if before is None or not before.build:
        # What was begun and never published.
        there.drop()
    elif not there.exists(before):
        return indexes.recover(collection)
    since = before.seq if before is not None and before.build else -1
    with indexes.catalog.read() as connection:
        steps = _steps(entries.added_in_turn(connection, collection.row, since, collection.seq))
    for seq, keys in steps:
        with indexes.catalog.read() as connection:
            dead = entries.gone(connection, collection.row, since, seq) if before is not None else []
        known = before.dead if before is not None else ()
        part = replace(collection, seq=seq)
        before = indexes.publishing.publish(there, part, before, keys, [*known, *dead])
        since = seq
        advance(len(keys))
    return indexes.recover(collection)


def _steps(added: Sequence[tuple[int, int]]) -> list[tuple[int, list[int]]]:
    """Part keys, given with the sequence numbers of their writes, between two writes; the last number of each part."""
    steps: list[tuple[int, list[int]]] = []
    keys: list[int] = []
    for place, (seq, key) in enumerate(added):
        keys.append(key)
        ends = place + 1 == len(added) or added[place + 1][0] != seq
        if ends and (len(keys) >= STEP_PASSAGES or place + 1 == len(added)):
            steps.append((seq, keys))
            keys = []
    return steps
