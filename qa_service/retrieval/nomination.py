"""Nomination: each leg names the passages worth scoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_service.index.admitted import Admitted
from qa_service.index.bm25 import WordQuery, score_passages
from qa_service.index.snapshot import Keys, Snapshot
from qa_service.retrieval.query import Query
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments

NOMINEES = 100
"""Distinct passages that each leg nominates, whatever top_k is."""


@dataclass(frozen=True, slots=True)
class Nominees:
    """Keys of the passages that each leg nominated, best first for the dense legs."""

    windows: Keys
    sentences: Keys
    words: Keys

    def keys(self) -> Keys:
        """Give the distinct keys in increasing order."""
        return np.unique(np.concatenate([self.windows, self.sentences, self.words]))


def nominate(snapshot: Snapshot, query: Query, words: WordQuery, admitted: Admitted | None = None) -> Nominees:
    """Ask every leg for its best passages, of those that are admitted; None admits all."""
    return Nominees(*snapshot.nominate(query.vector, words, NOMINEES, admitted))


def nominate_among(passages: Sequence[Candidate], segments: Segments, query: Query, words: WordQuery) -> Nominees:
    """Choose every leg's best of a few passages, in key order, by scoring them all: no index is asked."""
    keys = np.array([passage.key for passage in passages], dtype=np.int64)
    if not len(keys):
        return Nominees(keys, keys, keys)
    counts = np.array([passage.block.vectors for passage in passages], dtype=np.int64)
    # One summation order for all rows, so that equal vectors have equal scores.
    cosines = np.einsum("ij,j->i", segments.gather(passage.block for passage in passages), query.vector)
    starts = np.cumsum(counts) - counts
    sentences = cosines.copy()
    sentences[starts] = -np.inf
    scores = score_passages(words, [one.split_terms for one in passages], [one.words for one in passages]).bm25
    matching = np.flatnonzero(scores > 0)
    return Nominees(
        keys[_best(cosines[starts])],
        keys[_best(np.maximum.reduceat(sentences, starts))],
        np.sort(keys[matching[_best(scores[matching])]]),
    )


def _best(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Give the places of the highest scores (n,), best first, equal ones in order."""
    return np.argsort(-scores, kind="stable")[:NOMINEES]
