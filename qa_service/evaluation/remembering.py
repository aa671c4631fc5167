"""An encoder that remembers the last question, which an evaluation asks twice: once ranked and once answered."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.encoder import Encoder, Vectors
from embeddings.models import ModelDescription, RuntimeInfo


class RememberingEncoder:
    """Gives the same vectors as the encoder behind it; for one thread."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._last: tuple[tuple[str, ...], Vectors] | None = None

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension, prompts and limits."""
        return self._encoder.description

    @property
    def fingerprint(self) -> str:
        """Identify the vectors."""
        return self._encoder.fingerprint

    @property
    def runtime(self) -> RuntimeInfo:
        """What runs the model, and in which precision."""
        return self._encoder.runtime

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions, unless they are those of the call before."""
        key = tuple(texts)
        if self._last is None or self._last[0] != key:
            self._last = key, self._encoder.encode_queries(texts)
        return self._last[1].copy()

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences."""
        return self._encoder.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the model tokens of each text."""
        return self._encoder.count_tokens(texts)
