"""Where copies are looked for: which passages have a sentence like one of a given passage's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from qa_service.store.catalog import Connection, WriteTransaction
from qa_service.store.kept import Shared
from qa_service.store.listed import parts

_ROWS = 250_000
"""Rows of bands read for one question: some 0.1 s."""
_FEW_ROWS = 200
"""What so many rows of bands tell of a passage is remembered until the next write."""
_ORPHANS = "collection = ? AND passage NOT IN (SELECT key FROM passages)"
_SHARING = (
    "SELECT b.band, b.passage FROM bands a CROSS JOIN bands b WHERE b.collection = ? AND b.band = a.band"
    " AND a.passage = ? LIMIT ?"
)


def add(tx: WriteTransaction, collection: int, bands: Iterable[tuple[int, int]]) -> None:
    """Write the bands of new passages' sentences, each given as (band, passage): many at once cost less."""
    rows = [(collection, *pair) for pair in sorted(bands)]
    tx.connection.executemany("INSERT INTO bands VALUES (?, ?, ?)", rows)


def remove(tx: WriteTransaction, passages: Iterable[int]) -> None:
    """Take passages out, given by key."""
    tx.connection.executemany("DELETE FROM bands WHERE passage = ?", ((passage,) for passage in passages))


def of_article(connection: Connection, article: int) -> dict[int, set[int]]:
    """Give the bands of an article's passages, by their keys; those without any are missing."""
    rows = connection.execute(
        "SELECT b.passage, b.band FROM passages p JOIN bands b ON b.passage = p.key WHERE p.article = ?", (article,)
    )
    found: dict[int, set[int]] = {}
    for key, band in rows:
        found.setdefault(key, set()).add(band)
    return found


def count_orphans(connection: Connection, collection: int) -> int:
    """Count the bands of passages that are not there."""
    (count,) = connection.execute(f"SELECT count(*) FROM bands WHERE {_ORPHANS}", (collection,)).fetchone()
    return int(count)


def remove_orphans(tx: WriteTransaction, collection: int) -> None:
    """Remove the bands of passages that are not there."""
    tx.connection.execute(f"DELETE FROM bands WHERE {_ORPHANS}", (collection,))


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
        self._holders: dict[int, Sequence[int]] = {}
        self._untaken: list[Shared] = []
        self._rows_left = _ROWS
        self._among_candidates: dict[int, list[int]] | None = None

    def sharing(self, passage: int) -> dict[int, int]:
        """Find the passages that share bands with a passage, and how many, whatever their state.

        Returns:
            Bands shared by passage key, without the passage itself: the passages that share the most, then the oldest,
            and all candidates that share one. Of a band that very many have, the oldest and the candidates count.
        """
        found = self._shared(passage)
        if self._rows_left - sum(len(one.rows) for one in self._untaken) < self._most:
            self._take()
        if len(found.rows) < min(self._most, self._rows_left):
            self._untaken.append(found)
            shared = Counter(found.counts)
        else:
            self._take()
            # Some band may be one that very many have: each is read as far as it counts.
            shared = Counter()
            for band in self._bands(passage):
                shared.update(self._of_band(band))
        if len(shared) > self._most + 1:
            kept = sorted(shared, key=lambda key: (-shared[key], key))[: self._most + 1]
            shared = Counter({key: shared[key] for key in {*kept, *(shared.keys() & set(self._candidates))}})
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

    def _shared(self, passage: int) -> Shared:
        """Read who has which of a passage's bands, `most` rows at most."""
        known = self._connection.kept.sharing(self._connection.sequence())
        found = known.get(passage)
        if found is None:
            rows = self._connection.execute(_SHARING, (self._collection, passage, self._most)).fetchall()
            table = np.array(rows, dtype=np.int64).reshape(-1, 2)
            found = Shared(table, Counter([other for _, other in rows]))
            if len(rows) <= _FEW_ROWS:
                known[passage] = found
        return found

    def _take(self) -> None:
        """Remember the holders of bands that were read, which few questions need."""
        for found in self._untaken:
            holders: dict[int, list[int]] = {}
            for band, other in found.rows.tolist():
                holders.setdefault(band, []).append(other)
            for band, keys in holders.items():
                if band not in self._holders:
                    self._holders[band] = keys
                    self._rows_left -= len(keys)
        self._untaken.clear()

    def _of_band(self, band: int) -> Sequence[int]:
        """Give the passages that have a band."""
        known = self._holders.get(band)
        if known is None:
            known = self._holders[band] = self._read(band)
        return known

    def _read(self, band: int) -> Sequence[int]:
        most = min(self._most, self._rows_left)
        found = self._connection.execute(
            "SELECT passage FROM bands WHERE collection = ? AND band = ? ORDER BY passage LIMIT ?",
            (self._collection, band, most),
        )
        keys = [key for (key,) in found]
        self._rows_left -= len(keys)
        return sorted({*keys, *self._candidates_with(band)}) if len(keys) == most else keys

    def _candidates_with(self, band: int) -> Sequence[int]:
        if self._among_candidates is None:
            self._among_candidates = {}
            for marks, chunk in parts(self._candidates):
                rows = self._connection.execute(f"SELECT band, passage FROM bands WHERE passage IN ({marks})", chunk)
                for own, passage in rows:
                    self._among_candidates.setdefault(own, []).append(passage)
        return self._among_candidates.get(band, ())
