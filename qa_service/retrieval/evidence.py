"""What is known of a question's candidates: rows, similarities and word matches, aligned by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from qa_service.index.bm25 import WordQuery, inverse_document_frequency, score_passages
from qa_service.store import words
from qa_service.store.catalog import Connection
from qa_service.store.collections import Collection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments
from qa_service.text.scan import is_number

Scores = NDArray[np.float64]


class Slices(Sequence[NDArray[np.float32]]):
    """Slices of one array, each made when it is asked for: most candidates' sentences are never looked at."""

    def __init__(self, values: NDArray[np.float32], starts: Sequence[int], ends: Sequence[int]) -> None:
        self._values = values
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, place: slice) -> list[NDArray[np.float32]]: ...
    def __getitem__(self, place: int | slice) -> NDArray[np.float32] | list[NDArray[np.float32]]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return self._values[self._starts[place] : self._ends[place]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of n candidates.

    Attributes:
        window: cosine of question and window (n,).
        sentence: best cosine of question and a sentence of the passage (n,).
        sentences: each candidate's cosines with all its sentences, in order.
        lexical: BM25 (n,).
        matched: share of the question's IDF mass that the passage contains (n,).
        numbers: share of the question's numbers that the passage contains (n,).
    """

    candidates: Sequence[Candidate]
    window: Scores
    sentence: Scores
    sentences: Sequence[NDArray[np.float32]]
    lexical: Scores
    matched: Scores
    numbers: Scores

    @property
    def dense(self) -> Scores:
        """The dense leg: window and best sentence together, in -2..2."""
        return self.window + self.sentence


def word_query(
    connection: Connection,
    collection: Collection,
    question_words: Sequence[str],
    weights: Mapping[str, float] | None = None,
) -> WordQuery:
    """Look up what the collection knows of the question's distinct words; `weights` has those that count less."""
    weights = weights or {}
    distinct = list(dict.fromkeys(question_words))
    known = words.lookup(connection, collection.row, distinct)
    count = collection.passages
    by_word = {
        word: inverse_document_frequency(count, df) * weights.get(word, 1.0)
        for word, (_, df) in known.items()
        if df > 0
    }
    idf = {known[word][0]: weight for word, weight in by_word.items()}
    unknown = inverse_document_frequency(count, 0) * sum(
        weights.get(word, 1.0) for word in distinct if word not in by_word
    )
    mass = sum(idf.values())
    numbers = [word for word in distinct if is_number(word)]
    return WordQuery(
        idf,
        mass + unknown,
        mass,
        collection.words / max(count, 1),
        by_word,
        frozenset(known[word][0] for word in numbers if word in by_word),
        len(numbers),
    )


def gather(
    query: NDArray[np.float32], word_query: WordQuery, candidates: Sequence[Candidate], segments: Segments
) -> Evidence:
    """Score candidates on full evidence: stored vectors for the dense leg, stored words for the lexical one."""
    counts = np.array([candidate.block.vectors for candidate in candidates], dtype=np.int64)
    cosines = segments.gather(candidate.block for candidate in candidates) @ query
    ends = np.cumsum(counts)
    starts = ends - counts
    window = cosines[starts].astype(np.float64)
    sentences = Slices(cosines, (starts + 1).tolist(), ends.tolist())
    # A passage has at least one sentence, so that its best is never the place of the window, emptied here.
    best = cosines.copy()
    best[starts] = -np.inf
    sentence = np.maximum.reduceat(best, starts).astype(np.float64)
    found = score_passages(
        word_query, [candidate.split_terms for candidate in candidates], [candidate.words for candidate in candidates]
    )
    return Evidence(candidates, window, sentence, sentences, found.bm25, found.matched, found.numbers)
