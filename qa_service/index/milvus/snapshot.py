"""A published state of a collection in Milvus, as questions ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from qa_service.index.admitted import Admitted
from qa_service.index.bm25 import Hits, WordQuery
from qa_service.index.legs import SENTENCE_BITS, distinct
from qa_service.index.local_snapshot import MAX_QUERY_TERMS
from qa_service.index.milvus.client import MOST_HITS, MilvusServer
from qa_service.index.milvus.publication import Publication
from qa_service.index.milvus.schema import search_params
from qa_service.index.shown import Shown
from qa_service.index.snapshot import Keys, Vector
from qa_service.store import collections, entries
from qa_service.store.catalog import Catalog, Connection

MOST_LISTED = 16_384
"""Articles that a filter names to Milvus one by one; it reads 100 KB of them in some ms."""
_PER_PASSAGE = 4
"""Sentences to look for, for each passage wanted, as several may be of one passage."""
_WORDS_DEPTH = 2
"""How many times as many passages are taken by words: Milvus cuts texts into other words than we do, by which whoever
asks scores all of them."""
_ALL_COUNTED = 20_000
"""Live passages up to which the keys of all are read for a sample of them."""
_NOTHING: Keys = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class MilvusSnapshot:
    """Nominates through Milvus.

    Attributes:
        windows, sentences: the names of its collections.
        dead: keys of passages that are gone, but in Milvus still, in increasing order.
    """

    manifest: Publication
    server: MilvusServer
    catalog: Catalog
    windows: str
    sentences: str
    dead: Keys = field(init=False)

    def __post_init__(self) -> None:
        """Read them once for all questions."""
        object.__setattr__(self, "dead", np.sort(np.array(self.manifest.dead, dtype=np.int64)))

    @property
    def seq(self) -> int:
        """The write sequence that this snapshot shows."""
        return self.manifest.seq

    def shows(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell of each of some keys whether it is live in the catalogue now, or in this snapshot's."""
        if not len(keys):
            return np.zeros(0, dtype=bool)
        with self.catalog.read() as connection:
            live = entries.among(connection, self.manifest.collection, keys.tolist())
        return np.isin(keys, np.concatenate([np.array(list(live), dtype=np.int64), self.dead]))

    def spread(self, connection: Connection, count: int) -> list[int]:
        """Give up to `count` live keys, spread evenly over all of them in order; of very many, over their numbers."""
        collection, seq = self.manifest.collection, self.seq
        if collections.passages_of(connection, collection) <= _ALL_COUNTED:
            keys = entries.added(connection, collection, -1, seq)
            places = np.linspace(0, len(keys) - 1, min(count, len(keys))).round().astype(np.int64)
            return [keys[place] for place in places.tolist()]
        first = entries.next_live(connection, collection, 0, seq) or 0
        starts = np.linspace(first, self.manifest.last_key, count).round().astype(np.int64).tolist()
        found = (entries.next_live(connection, collection, start, seq) for start in starts)
        return sorted({key for key in found if key is not None})

    def nominate(
        self, vector: Vector, words: WordQuery, limit: int, admitted: Admitted | None = None
    ) -> tuple[Keys, Keys, Keys]:
        """Ask Milvus for all three legs at the same time: windows, sentences, words."""
        if not self.manifest.build:
            return _NOTHING, _NOTHING, _NOTHING
        near, found, matching = self.server.together(
            (
                lambda: self._nearest(self.windows, vector, limit, admitted, bits=0),
                lambda: self._nearest(self.sentences, vector, limit, admitted, bits=SENTENCE_BITS),
                lambda: self.nominate_words(words, limit, admitted),
            )
        )
        return near, found, matching

    def nominate_words(self, query: WordQuery, limit: int, admitted: Admitted | None = None) -> Keys:
        """Find live, admitted passages with the highest BM25 by Milvus's own words and statistics, in key order."""
        telling = sorted(query.by_word, key=lambda word: (-query.by_word[word], word))[:MAX_QUERY_TERMS]
        if not telling or not self.manifest.build:
            return _NOTHING

        def search(expression: str, count: int) -> Hits:
            return self.server.search(
                self.windows,
                "words",
                " ".join(telling),
                count,
                params={"metric_type": "BM25"},
                expression=expression,
                written=self.manifest.written.get("windows"),
            )

        return np.sort(self._found(search, 0, _WORDS_DEPTH * limit, 1, admitted))

    def _nearest(self, name: str, vector: Vector, limit: int, admitted: Admitted | None, *, bits: int) -> Keys:
        kind = "sentences" if bits else "windows"

        def search(expression: str, count: int) -> Hits:
            return self.server.search(
                name,
                "vector",
                vector,
                count,
                params=search_params(self.manifest.index, count),
                expression=expression,
                written=self.manifest.written.get(kind),
            )

        return self._found(search, bits, limit, _PER_PASSAGE if bits else 1, admitted)

    def _found(
        self, search: Callable[[str, int], Hits], bits: int, limit: int, deep: int, admitted: Admitted | None
    ) -> Keys:
        """Search with what says which articles are admitted; give up to `limit` distinct passages, best first.

        Parameters:
            search: finds, with an expression of Milvus, so many rows.
            bits: by how many the keys of rows are shifted.
            deep: rows to look for at first, for each passage wanted.
        """
        shown = _Shown(self.dead, admitted, self.manifest.last_key)
        expressions = _expressions(admitted, shown.depth(deep * limit))
        if expressions != [""]:
            shown = replace(shown, pushed_down=True)
        hits = [_deepened(partial(search, one), bits, limit, shown, shown.depth(deep * limit)) for one in expressions]
        keys, scores = np.concatenate([one.keys for one in hits]), np.concatenate([one.scores for one in hits])
        best: Keys = keys[np.argsort(-scores, kind="stable")[:limit]]
        return best


@dataclass(frozen=True, slots=True)
class _Shown(Shown):
    """What may be shown: neither rows of a write that is not published yet, nor what is about to be removed."""

    last_key: int = 0
    pushed_down: bool = False

    def mask(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell which of some keys (n,) may be shown."""
        return Shown.mask(self, keys) & (keys <= self.last_key)

    def depth(self, limit: int) -> int:
        """Guess how many hits hold `limit` of them."""
        deep = limit if self.pushed_down else Shown.depth(self, limit)
        return min(deep + min(len(self.dead), limit), MOST_HITS)


def _deepened(search: Callable[[int], Hits], bits: int, limit: int, shown: _Shown, count: int) -> Hits:
    """Search ever deeper until `limit` distinct passages are found, or no more can be."""
    while True:
        hits = search(count)
        found = distinct(hits.keys >> bits, hits.scores, limit, shown)
        if len(found.keys) >= limit or len(hits.keys) < count or count >= MOST_HITS:
            return found
        count = min(4 * count, MOST_HITS)


def _expressions(admitted: Admitted | None, depth: int) -> list[str]:
    """Say in Milvus's words which articles a filter admits, or leaves out, as far as these are few enough to be named.

    Where both are many, enough of the best hits are admitted, "" then; or those admitted are named part by part.

    Parameters:
        depth: hits of all articles that hold enough of those admitted.
    """
    if admitted is None:
        return [""]
    if len(admitted.others) <= MOST_LISTED < len(admitted.articles):
        return [f"article not in {admitted.others.tolist()}"]
    if depth < MOST_HITS < len(admitted.articles):
        return [""]
    parts = range(0, max(len(admitted.articles), 1), MOST_LISTED)
    return [f"article in {admitted.articles[start : start + MOST_LISTED].tolist()}" for start in parts]
