"""The encoder over a compiled graph: no torch, no transformers, no sentence-transformers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from embeddings.batching import equal_length_batches, restore_order, token_budget_batches
from embeddings.compiled.engine import CompiledGraph
from embeddings.compiled.feed import Feed, make_feed, padded_length
from embeddings.compiled.tokens import Tokens
from embeddings.compiled.weights import BertWeights
from embeddings.encoder import Vectors
from embeddings.joined_calls import JoinedCalls, are_few
from embeddings.models import ModelDescription, RuntimeInfo
from embeddings.vectors import refuse_single, unit

TOKEN_BUDGET = 512
"""Tokens per batch, padding included. Measured with the default model, a batch to each of 2 threads: 2, 4, 8 and 16
passages of 155 tokens give 114, 114, 113 and 109 a second, so a batch is as small as its overhead allows."""

MAX_BATCH = 64
"""Texts per batch, so that thousands of very short ones do not make one call."""

_SLICE = 64
"""Texts tokenised at a time; tokenising leaves the interpreter to other threads, and several slices run at once."""

_WARMED = (4, 8, 12, 16)
"""Words of the questions with which an encoder is warmed up: 16 to 40 tokens, prompt and padding included."""


class CompiledEncoder:
    """Encode with a compiled graph.

    Safe to call from several threads: questions that arrive together are encoded together, and passages never make
    them wait for more than the processor's time.

    Args:
        weights: the model's, for the vectors of its tokens.
        tokens: its tokenizer.
        graph: its compiled graph.
        description: its name, prompts and limits.
        fingerprint: what identifies its vectors.
        runtime: what runs it.
    """

    def __init__(
        self,
        weights: BertWeights,
        tokens: Tokens,
        graph: CompiledGraph,
        description: ModelDescription,
        fingerprint: str,
        runtime: RuntimeInfo,
    ) -> None:
        self._weights, self._tokens, self._graph = weights, tokens, graph
        self._description, self._fingerprint, self._runtime = description, fingerprint, runtime
        self._joined = JoinedCalls(self._encode_few)
        # The first call of a shape is several times slower than the next; most questions have one of these.
        for words in _WARMED:
            self._encode_few([". " * words])

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension, prompts and limits."""
        return self._description

    @property
    def fingerprint(self) -> str:
        """Identify the vectors: encoders with equal fingerprints give interchangeable ones."""
        return self._fingerprint

    @property
    def runtime(self) -> RuntimeInfo:
        """What runs the model, and in which precision."""
        return self._runtime

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; float32 of shape (len(texts), dim), each row of unit length.

        Joined questions share their padding, so the last digits of a vector may depend on its company.
        """
        refuse_single(texts)
        if are_few(texts):
            return self._joined(texts)
        return self._encode_many(texts, self._description.query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences; float32 of shape (len(texts), dim), each row of unit length.

        A text has one vector, whatever else is encoded with it, in whichever process and by however many threads.
        """
        refuse_single(texts)
        return self._encode_many(texts, self._description.passage_prompt)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the model tokens of each bare text, without prompt and special tokens and without any limit."""
        refuse_single(texts)
        return self._tokens.count(texts)

    def _encode_few(self, texts: Sequence[str]) -> Vectors:
        ids = self._tokens.ids(texts, self._description.query_prompt)
        # Those of one length together: beside a long one, a short one would take as long.
        batches = token_budget_batches([padded_length(len(found)) for found in ids], TOKEN_BUDGET, MAX_BATCH)
        encoded = (self._graph.question(self._feed([ids[position] for position in batch])) for batch in batches)
        return unit(restore_order(batches, encoded, self._description.dim))

    def _encode_many(self, texts: Sequence[str], prompt: str) -> Vectors:
        slices = (texts[start : start + _SLICE] for start in range(0, len(texts), _SLICE))
        tokenised = self._graph.spread(partial(self._tokens.ids, part, prompt) for part in slices)
        ids = [found for part in tokenised for found in part]
        lengths = [padded_length(len(found)) for found in ids]
        batches = equal_length_batches(lengths, TOKEN_BUDGET, MAX_BATCH)
        encoded = self._graph.passages(partial(self._feed, [ids[position] for position in batch]) for batch in batches)
        vectors = restore_order(batches, encoded, self._description.dim)
        return unit(vectors) if len(vectors) else np.empty((0, self._description.dim), dtype=np.float32)

    def _feed(self, ids: Sequence[Sequence[int]]) -> Feed:
        return make_feed(self._weights, ids)
