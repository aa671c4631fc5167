"""What a collection's passages are like on average: the background from which a question's cosines stand out.

A question's cosines with all passages are higher in some languages than in others; what counts is how far the best
ones rise above the usual.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa_service.index.snapshot import Snapshot, Vector
from qa_service.store import passages
from qa_service.store.catalog import Connection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments

SAMPLE = 100
"""Passages that the average is taken of, spread evenly over the collection."""
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Typical:
    """Mean vectors (dim,) of a collection's windows and of its sentences, not of unit length.

    `count` windows were averaged.
    """

    window: Vector
    sentence: Vector
    count: int


class TypicalPassages:
    """Averages collections, once for each generation. Safe for threads."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._known: OrderedDict[tuple[int, str], Typical] = OrderedDict()

    def of(self, connection: Connection, snapshot: Snapshot, candidates: Sequence[Candidate]) -> Typical:
        """Average a snapshot's passages; `candidates` stand in for them if none of the sample is left."""
        name = (snapshot.manifest.collection, snapshot.manifest.name)
        found = self._known.get(name)
        if found is None:
            sample = passages.candidates(connection, snapshot.spread(connection, SAMPLE), snapshot.seq)
            found = self._average([one for one in sample if one.block.vectors] or candidates)
            self._known[name] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def _average(self, sample: Sequence[Candidate]) -> Typical:
        vectors = self._segments.gather(one.block for one in sample)
        counts = np.array([one.block.vectors for one in sample], dtype=np.int64)
        starts = np.cumsum(counts) - counts
        is_window = np.zeros(len(vectors), dtype=bool)
        is_window[starts] = True
        return Typical(vectors[is_window].mean(axis=0), vectors[~is_window].mean(axis=0), len(sample))
