"""BM25 over term ids: the formula, and a small in-memory inverted index for passages not yet in a base.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the non-negative IDF
ln(1 + (N - df + 0.5) / (df + 0.5)) that Lucene and tantivy use, and their defaults k1 = 1.2, b = 0.75.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qa_service.store.packing import unpack_many_terms, unpack_terms

K1 = 1.2
B = 0.75
_FEW = 64
"""Words up to which it is faster to look through all passages for each than to look each word of a passage up."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Passage keys (n,) and scores (n,), best first."""

    keys: NDArray[np.int64]
    scores: NDArray[np.float32]

    @staticmethod
    def none() -> Hits:
        """Give the empty result."""
        return Hits(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A question's words as a collection knows them.

    Attributes:
        idf: IDF by term id, for the words the collection knows.
        mass: the summed IDF of all distinct words, unknown ones included.
        known: the summed IDF of the known ones.
        average_length: mean passage length in words.
        by_word: IDF by word, for the same words as `idf`.
        numbers: term ids of those that are numbers.
        number_count: distinct numbers of the question, unknown ones included.
    """

    idf: Mapping[int, float]
    mass: float
    known: float
    average_length: float
    by_word: Mapping[str, float] = field(default_factory=dict)
    numbers: frozenset[int] = frozenset()
    number_count: int = 0

    @property
    def coverage(self) -> float:
        """The share of the question's IDF mass that the collection knows, 0 for a question without words."""
        return self.known / self.mass if self.mass > 0 else 0.0


def inverse_document_frequency(documents: int, df: int) -> float:
    """Weigh a word that `df` of `documents` passages contain."""
    return math.log1p((documents - df + 0.5) / (df + 0.5))


def bm25(
    frequencies: NDArray[np.float64], idf: NDArray[np.float64], lengths: NDArray[np.float64], average_length: float
) -> NDArray[np.float64]:
    """Score matches: all arrays run over (passage, word) pairs; returns each pair's part of its passage's BM25."""
    norm = K1 * (1 - B + B * lengths / max(average_length, 1.0))
    parts: NDArray[np.float64] = idf * frequencies * (K1 + 1) / (frequencies + norm)
    return parts


@dataclass(frozen=True, slots=True)
class Matches:
    """What n passages have of a question's words.

    Attributes:
        bm25: (n,).
        matched: share of the question's IDF mass (n,).
        numbers: share of the question's distinct numbers (n,), 0 for a question without any.
    """

    bm25: NDArray[np.float64]
    matched: NDArray[np.float64]
    numbers: NDArray[np.float64]


def score_passages(query: WordQuery, terms: Sequence[tuple[bytes, bytes]], lengths: Sequence[int]) -> Matches:
    """Score passages given as packed terms, taken apart by `split_terms`, and their lengths in words."""
    count = len(terms)
    if not query.idf or not count:
        return Matches(np.zeros(count), np.zeros(count), np.zeros(count))
    ids, frequencies, ends = unpack_many_terms(terms)
    wanted = sorted(query.idf)
    hits, which = _occurrences(ids, np.array(wanted, dtype=np.uint32))
    owners = np.searchsorted(ends, hits, side="right")
    idf = np.array([query.idf[term] for term in wanted])[which]
    lengths_of = np.asarray(lengths, dtype=np.float64)[owners]
    parts = bm25(frequencies[hits].astype(np.float64), idf, lengths_of, query.average_length)
    scores, matched, numbers = np.zeros(count), np.zeros(count), np.zeros(count)
    scores += np.bincount(owners, parts, count)
    matched += np.bincount(owners, idf, count)
    if query.numbers:
        shares = np.array([(term in query.numbers) / query.number_count for term in wanted], dtype=np.float64)
        numbers += np.bincount(owners, shares[which], count)
    return Matches(scores, matched / query.mass, numbers)


def _occurrences(ids: NDArray[np.uint32], wanted: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where any of some increasing ids occur: the places, and which id it is at each.

    Every passage's part of `ids` increases, so that its words come in the same order either way.
    """
    if len(wanted) > _FEW:
        places = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
        hits = np.flatnonzero(wanted[places] == ids)
        return hits, places[hits]
    found = [np.flatnonzero(ids == term) for term in wanted]
    return np.concatenate(found), np.repeat(np.arange(len(wanted)), [len(places) for places in found])


class Postings:
    """An immutable inverted index in memory over a few thousand passages."""

    def __init__(self, passages: Iterable[tuple[int, bytes]]) -> None:
        """Index (key, packed terms) pairs."""
        keys: list[int] = []
        terms: list[NDArray[np.uint32]] = []
        counts: list[NDArray[np.uint16]] = []
        for key, blob in passages:
            ids, frequencies = unpack_terms(blob)
            keys.append(key)
            terms.append(ids)
            counts.append(frequencies)
        self._keys = np.array(keys, dtype=np.int64)
        flat = np.concatenate(terms) if terms else np.empty(0, dtype=np.uint32)
        order = np.argsort(flat, kind="stable")
        self._terms = flat[order]
        owners = np.repeat(np.arange(len(keys)), [len(ids) for ids in terms])
        self._owners = owners[order]
        self._counts = (np.concatenate(counts) if counts else np.empty(0, dtype=np.uint16))[order].astype(np.float64)
        self._lengths = np.array([int(c.sum(dtype=np.int64)) for c in counts], dtype=np.float64)

    def search(self, query: WordQuery, terms: Sequence[int], limit: int) -> Hits:
        """Find the passages with the highest BM25 for any of the term ids, best first."""
        scores = np.zeros(len(self._keys))
        for term in terms:
            # Same dtype on both sides, or numpy converts the whole array on every call.
            first, last = np.searchsorted(self._terms, np.array([term, term + 1], dtype=np.uint32))
            owners = self._owners[first:last]
            idf = np.full(len(owners), query.idf[term])
            scores[owners] += bm25(self._counts[first:last], idf, self._lengths[owners], query.average_length)
        matches = np.flatnonzero(scores > 0)
        best = matches[np.argsort(-scores[matches], kind="stable")][:limit]
        return Hits(self._keys[best], scores[best].astype(np.float32))
