"""What a passage has of a question: its best sentence, and the words it lacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qa_service.explanation import BestSentence, Closeup, MissingWord
from qa_service.index.bm25 import inverse_document_frequency
from qa_service.retrieval.found import Found
from qa_service.store import words
from qa_service.store.packing import unpack_terms
from qa_service.store.passages import Candidate
from qa_service.types import TextForm


class Closeups:
    """Looks closely at passages, for one question.

    Parameters:
        form: of the best sentence's text.
    """

    def __init__(self, found: Found, form: TextForm | None) -> None:
        self._found = found
        self._form = form
        query = found.ranking.query
        distinct = list(dict.fromkeys(query.words))
        known = words.lookup(found.connection, found.collection.row, distinct)
        idf, unknown = found.ranking.words.by_word, inverse_document_frequency(found.collection.passages, 0)
        self._words = [
            (
                known[word][0] if word in idf else None,
                MissingWord(word, round(idf.get(word, unknown * query.weights.get(word, 1.0)), 4), known=word in idf),
            )
            for word in distinct
        ]

    def of(self, candidate: Candidate, cosines: NDArray[np.float32]) -> Closeup:
        """Look at a passage, given with its sentences' cosines."""
        place = int(np.argmax(cosines))
        span = candidate.spans()[place]
        text = self._found.texts.of(candidate.article).slice(span.start, span.end, self._form)
        best = BestSentence(span.start, span.end, round(float(cosines[place]), 6), text)
        held = set(unpack_terms(candidate.terms)[0].tolist())
        missing = [missing for term, missing in self._words if term is None or term not in held]
        return Closeup(tuple(sorted(missing, key=lambda one: -one.idf)), best)
