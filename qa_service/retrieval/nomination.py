"""Nomination: each leg names the passages worth scoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qa_service.index.bm25 import WordQuery
from qa_service.index.snapshot import Keys, Snapshot
from qa_service.retrieval.query import Query

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


def nominate(snapshot: Snapshot, query: Query, words: WordQuery) -> Nominees:
    """Ask every leg for its best passages."""
    return Nominees(
        snapshot.nominate_windows(query.vector, NOMINEES),
        snapshot.nominate_sentences(query.vector, NOMINEES),
        snapshot.nominate_words(words, NOMINEES),
    )
