"""An encoder and a reranker for tests: deterministic, fast, and with no model behind them."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from embeddings.encoder import Vectors
from embeddings.models import ModelDescription, RuntimeInfo
from embeddings.reranker import Relevance

_TOKEN = re.compile(r"[0-9A-Za-z]{1,4}|\S")
_LENGTHS = (1, 2, 3)


class ToyEncoder:
    """Hash a text's character 1-, 2- and 3-grams into a unit vector: texts that share characters are close.

    Each distinct n-gram of the lower-cased text without white space adds n, with a sign, to one dimension, so
    longer matches count for more. Both the dimension and the sign come from its CRC-32, which is the same in every
    process. A text without any n-gram gets the first basis vector. Safe to call from several threads.

    Attributes:
        queries_encoded, passages_encoded: how many texts were encoded so far.
        query_calls, passage_calls: in how many calls.

    Args:
        dim: the length of the vectors.
        name: the name in the description; it is part of the fingerprint, to stand for another model.
    """

    def __init__(self, dim: int = 256, name: str = "toy") -> None:
        if dim < 1:
            raise ValueError("dim must be positive")
        self._description = ModelDescription(
            name=name,
            dim=dim,
            max_tokens=512,
            query_prompt="",
            passage_prompt="",
            source="hashed character n-grams, no weights",
            licence="Apache-2.0",
        )
        self._lock = threading.Lock()
        self.queries_encoded = self.passages_encoded = 0
        self.query_calls = self.passage_calls = 0

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension and limits; it has no prompts."""
        return self._description

    @property
    def fingerprint(self) -> str:
        """Identify the vectors by the method's version, the name and the dimension."""
        return f"toy-1-{self._description.name}-{self._description.dim}"

    @property
    def runtime(self) -> RuntimeInfo:
        """Name the toy; there is no engine."""
        return RuntimeInfo("toy", "fp32", 1, None, "for tests")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; float32 of shape (len(texts), dim), each row of unit length."""
        vectors = self._encode(texts)
        with self._lock:
            self.query_calls += 1
            self.queries_encoded += len(texts)
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences; float32 of shape (len(texts), dim), each row of unit length."""
        vectors = self._encode(texts)
        with self._lock:
            self.passage_calls += 1
            self.passages_encoded += len(texts)
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count word pieces: up to four ASCII letters or digits in a row, or one other character but white space."""
        return _count_tokens(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        if isinstance(texts, str):
            raise TypeError("texts must be a sequence of strings, not one string")
        vectors = np.zeros((len(texts), self._description.dim), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            self._fill(row, text)
        return vectors

    def _fill(self, row: Vectors, text: str) -> None:
        bare = "".join(text.lower().split())
        dim = len(row)
        for length in _LENGTHS:
            for gram in {bare[start : start + length] for start in range(len(bare) - length + 1)}:
                code = crc32(gram.encode("utf-8", "surrogatepass"))
                # The lowest bit is the sign, the others choose the dimension.
                row[(code >> 1) % dim] += length if code & 1 else -length
        norm = float(np.sqrt(row @ row))
        if norm > 0:
            row /= norm
        else:
            row[0] = 1.0


class ToyReranker:
    """Score a passage by the share of its distinct character pairs that the question has too.

    It reads no more of a passage than `room` says. Safe to call from several threads.

    Attributes:
        calls, passages_scored: how often it was asked, and for how many passages in all.

    Args:
        max_tokens: tokens of question and passage together.
    """

    name = "toy"

    def __init__(self, max_tokens: int = 512) -> None:
        if max_tokens < 2:
            raise ValueError("max_tokens must be at least 2")
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        self.calls = self.passages_scored = 0

    def room(self, query: str) -> int:
        """Tell how many tokens of a passage fit beside a question; half of all is the passage's at least."""
        return max(self._max_tokens - _count_tokens([query])[0], self._max_tokens // 2)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count word pieces as `ToyEncoder` does."""
        return _count_tokens(texts)

    def score(self, query: str, passages: Sequence[str]) -> Relevance:
        """Score passages, float32 of shape (len(passages),), 0 to 1."""
        with self._lock:
            self.calls += 1
            self.passages_scored += len(passages)
        asked, room = _pairs(query), self.room(query)
        read = [_pairs("".join(_TOKEN.findall(passage)[:room])) for passage in passages]
        return np.array([len(asked & pairs) / max(len(pairs), 1) for pairs in read], dtype=np.float32)


def _count_tokens(texts: Sequence[str]) -> list[int]:
    return [sum(1 for _ in _TOKEN.finditer(text)) for text in texts]


def _pairs(text: str) -> set[str]:
    bare = "".join(text.lower().split())
    return {bare[start : start + 2] for start in range(len(bare) - 1)}
