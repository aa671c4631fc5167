"""Exact search by matrix products over the stored vectors: what the indexes are held against, and how near hits lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scale_source import Numbers, Vectors

from qa_service.engine import Engine
from qa_service.index.local_snapshot import LocalSnapshot
from qa_service.store import collections, entries
from qa_service.store.entries import IndexEntry
from qa_service.store.segment_files import HEADER_BYTES

PASSAGES_AT_ONCE = 8000
NEAREST = (1, 10, 100)
PERCENTILES = (10, 50, 90)
TOP, NOMINATED = 10, 100
_KEPT = 512
"""Best vectors kept of each leg: many sentences may be of one passage."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The best of one leg for each question: keys of passages and cosines (questions, kept), best first."""

    keys: Numbers
    cosines: Vectors

    def passages(self, question: int, count: int) -> set[int]:
        """Give the best distinct passages of a question."""
        return set(list(dict.fromkeys(self.keys[question].tolist()))[:count])


def exact(engine: Engine, name: str, queries: Vectors) -> tuple[Leg, Leg]:
    """Compare questions (q, dim) with every live window and sentence of a collection; give the best of both."""
    with engine.catalog.read() as connection:
        collection = collections.get(connection, name)
        found = [
            (entry.block.segment, entry.block.slot, entry.block.vectors, entry.key)
            for entry in entries.live(connection, collection.row, 0, collection.seq)
        ]
    windows, sentences = _Best(len(queries)), _Best(len(queries))
    for segment, group in groupby(sorted(found), key=lambda row: row[0]):
        rows = np.array(list(group), dtype=np.int64)[:, 1:]
        matrix = np.memmap(engine.segments.path(segment), dtype="<f4", mode="r", offset=HEADER_BYTES)
        vectors = matrix.reshape(-1, queries.shape[1])
        for first in range(0, len(rows), PASSAGES_AT_ONCE):
            slots, counts, keys = rows[first : first + PASSAGES_AT_ONCE].T
            low, high = int(slots[0]), int(slots[-1] + counts[-1])
            cosines = queries @ vectors[low:high].T
            places = slots - low
            windows.add(cosines[:, places], keys)
            counts = counts - 1
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            sentences.add(cosines[:, np.repeat(places + 1, counts) + within], np.repeat(keys, counts))
    return windows.leg(), sentences.leg()


class _Best:
    """The best so far."""

    def __init__(self, questions: int) -> None:
        self._keys = np.empty((questions, 0), dtype=np.int64)
        self._cosines = np.empty((questions, 0), dtype=np.float32)

    def add(self, cosines: Vectors, keys: Numbers) -> None:
        kept = min(_KEPT, cosines.shape[1])
        best = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        self._keys = np.concatenate([self._keys, keys[best]], axis=1)
        self._cosines = np.concatenate([self._cosines, np.take_along_axis(cosines, best, axis=1)], axis=1)
        self._sort()

    def _sort(self) -> None:
        order = np.argsort(-self._cosines, axis=1, kind="stable")[:, :_KEPT]
        self._keys = np.take_along_axis(self._keys, order, axis=1)
        self._cosines = np.take_along_axis(self._cosines, order, axis=1)

    def leg(self) -> Leg:
        return Leg(self._keys, self._cosines)


def recalls(snapshot: LocalSnapshot, queries: Vectors, legs: tuple[Leg, Leg]) -> dict[str, float]:
    """Give the share of the exact best ten passages that each dense leg nominates among its hundred.

    The hundred are scored again with the stored vectors, so that this is the recall@10 of what the service ranks.
    """
    ways = {"windows": snapshot.nominate_windows, "sentences": snapshot.nominate_sentences}
    found: dict[str, float] = {}
    for (name, nominate), leg in zip(ways.items(), legs, strict=True):
        shares = []
        for place, query in enumerate(queries):
            best = leg.passages(place, TOP)
            shares.append(len(best & set(nominate(query, NOMINATED).tolist())) / len(best))
        found[name] = float(np.mean(shares))
    return found


def nearest(queries: Vectors, vectors: Vectors, *, own: bool = False) -> dict[str, list[float]]:
    """Give percentiles of the cosines to the nearest, tenth and hundredth vector; `own`: queries are among them."""
    cosines = queries @ vectors.T
    if own:
        cosines[cosines > 1 - 1e-5] = -1
    return spread(-np.sort(-cosines, axis=1))


def spread(cosines: Vectors) -> dict[str, list[float]]:
    """Give percentiles of the first, tenth and hundredth of cosines (questions, n), best first."""
    ranks = [rank for rank in NEAREST if rank <= cosines.shape[1]]
    return {f"top {rank}": np.percentile(cosines[:, rank - 1], PERCENTILES).tolist() for rank in ranks}


def cosine_rows(kinds: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> list[tuple[object, ...]]:
    """Lay percentiles out: {pair: {data: {rank: percentiles}}} as rows (pair, rank, data, percentiles)."""
    return [
        (pair, rank, data, *values)
        for pair, by_data in kinds.items()
        for rank in dict.fromkeys(rank for ranks in by_data.values() for rank in ranks)
        for data, ranks in by_data.items()
        if (values := ranks.get(rank))
    ]


def blocks_of(engine: Engine, name: str, limit: int) -> tuple[Vectors, Vectors]:
    """Read the windows and sentences of a collection's first passages."""
    with engine.catalog.read() as connection:
        collection = collections.get(connection, name)
        found: list[IndexEntry] = []
        for entry in entries.live(connection, collection.row, 0, collection.seq):
            found.append(entry)
            if len(found) == limit:
                break
    blocks = [engine.segments.read(entry.block) for entry in found]
    return np.stack([block[0] for block in blocks]), np.concatenate([block[1:] for block in blocks])
