"""A question as it is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.encoder import Encoder
from qa_service.index.snapshot import Vector
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.text.fold import encoder_fold
from qa_service.text.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Query:
    """A question's text, its unit vector (dim,) and its words, with repetitions."""

    text: str
    vector: Vector
    words: Sequence[str]


class QueryReader:
    """Turns questions into queries. Safe for threads."""

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer

    def read(self, question: str, watch: Stopwatch) -> Query:
        """Fold, encode and tokenise a question."""
        vector = self._encoder.encode_queries([encoder_fold(question)])[0]
        watch.lap("encode")
        words = self._tokenizer.words(question)
        watch.lap("tokenize")
        return Query(question, vector, words)
