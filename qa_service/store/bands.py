"""Where copies are looked for: which passages have a sentence like one of a given passage's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.store.catalog import Connection, WriteTransaction

_ROWS = 250_000
"""Rows of bands read for one question: some 0.1 s."""


def add(tx: WriteTransaction, collection: int, passage: int, bands: Iterable[int]) -> None:
    """Write the bands of a new passage's sentences."""
    rows = ((collection, band, passage) for band in sorted(bands))
    tx.connection.executemany("INSERT INTO bands VALUES (?, ?, ?)", rows)


def remove(tx: WriteTransaction, passages: Iterable[int]) -> None:
    """Take passages out, given by key."""
    tx.connection.executemany("DELETE FROM bands WHERE passage = ?", ((passage,) for passage in passages))


class LookUps:
    """The look-ups of one question: what they have in common is read once.

    Parameters:
        candidates: keys of the question's own candidates, which are found whatever the limits.
        most: passages given at most for one passage, beside candidates, and read of one band.
    """

    def __init__(self, connection: Connection, collection: int, candidates: Sequence[int], most: int) -> None:
        self._connection = connection
        self._collection = collection
        self._candidates = candidates
        self._most = most
        self._holders: dict[int, NDArray[np.int64]] = {}
        self._rows_left = _ROWS
        self._among_candidates: dict[int, list[int]] | None = None

    def sharing(self, passage: int) -> dict[int, int]:
        """Find the passages that share bands with a passage, and how many, whatever their state.

        Returns:
            Bands shared by passage key, without the passage itself: the passages that share the most, then the oldest,
            and all candidates that share one. Of a band that very many have, the oldest and the candidates count.
        """
        holders = [self._of_band(band) for band in self._bands(passage)]
        if not holders:
            return {}
        keys, counts = np.unique(np.concatenate(holders), return_counts=True)
        kept = np.lexsort((keys, -counts))[: self._most + 1]
        if len(keys) > len(kept):
            kept = np.union1d(kept, np.flatnonzero(np.isin(keys, self._candidates)))
        shared = dict(zip(keys[kept].tolist(), counts[kept].tolist(), strict=True))
        shared.pop(passage, None)
        return shared

    def holding(self, prints: Sequence[int]) -> list[int]:
        """Find passages of live articles that have a sentence with one of the prints: those too short for bands.

        Returns:
            Keys of passages of those articles, the first in key order.
        """
        rows: set[int] = set()
        for number in prints:
            found = self._connection.execute(
                "SELECT article FROM lines WHERE collection = ? AND print = ? LIMIT ?",
                (self._collection, number, self._most),
            )
            rows.update(row for (row,) in found)
        keys = [
            key
            for row in sorted(rows)[: self._most]
            for (key,) in self._connection.execute("SELECT key FROM passages WHERE article = ? AND vectors > 0", (row,))
        ]
        return sorted(keys)[: self._most]

    def _bands(self, passage: int) -> list[int]:
        rows = self._connection.execute("SELECT band FROM bands WHERE passage = ?", (passage,))
        return sorted(band for (band,) in rows)

    def _of_band(self, band: int) -> NDArray[np.int64]:
        """Give the passages that have a band."""
        known = self._holders.get(band)
        if known is None:
            known = self._holders[band] = self._read(band)
        return known

    def _read(self, band: int) -> NDArray[np.int64]:
        most = min(self._most, self._rows_left)
        found = self._connection.execute(
            "SELECT passage FROM bands WHERE collection = ? AND band = ? ORDER BY passage LIMIT ?",
            (self._collection, band, most),
        )
        keys = [key for (key,) in found]
        self._rows_left -= len(keys)
        holders = np.array(keys, dtype=np.int64)
        return np.union1d(holders, self._candidates_with(band)) if len(keys) == most else holders

    def _candidates_with(self, band: int) -> NDArray[np.int64]:
        if self._among_candidates is None:
            self._among_candidates = {}
            for passage in self._candidates:
                for own in self._bands(passage):
                    self._among_candidates.setdefault(own, []).append(passage)
        return np.array(self._among_candidates.get(band, ()), dtype=np.int64)
