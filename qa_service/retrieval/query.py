"""A question as it is searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embeddings.encoder import Encoder
from qa_service.index.snapshot import Keys, Vector
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.text.fold import encoder_fold
from qa_service.text.tokens import Tokenizer

FOLLOW_UP = "follow_up"
"""The reading of a question that is about what the conversation is about."""


@dataclass(frozen=True, slots=True)
class Favour:
    """Articles, by row, with what is added to the fused score of their passages; `keys` are passages to score too."""

    articles: Mapping[int, float]
    keys: Keys


@dataclass(frozen=True, slots=True)
class Reading:
    """How a question asked after others was understood.

    Attributes:
        kind: "alone", "follow_up" or "fragment", see `following`.
        text: the question as it was searched.
        asks: the part of it whose question word says what kind of answer is wanted.
        dependence: the estimated probability that it is about what the conversation is about.
        why: the signs, in words.
    """

    kind: str
    text: str
    asks: str
    dependence: float
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Query:
    """A question's text, its unit vector (dim,) and its words, with repetitions.

    `weights` has the words that count less than 1, `slot` those that what is asked for should have. `favour` and
    `reading` are those of a question with history.
    """

    text: str
    vector: Vector
    words: Sequence[str]
    weights: Mapping[str, float] = field(default_factory=dict)
    slot: Sequence[str] = ()
    favour: Favour | None = None
    reading: Reading | None = None


def as_encoded(question: str) -> str:
    """Give a question as the encoder sees it: folded, white space as single spaces, none at the ends."""
    return encoder_fold(" ".join(question.split()))


class QueryReader:
    """Turns questions into queries. Safe for threads."""

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._encoder = encoder
        self._tokenizer = tokenizer

    def read(self, question: str, watch: Stopwatch) -> Query:
        """Fold, encode and tokenise a question."""
        vector = self._encoder.encode_queries([as_encoded(question)])[0]
        watch.lap("encode")
        words = self._tokenizer.words(question)
        watch.lap("tokenize")
        return Query(question, vector, words)
