"""An encoder around another one, for benchmarks that count, time or remember."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.encoder import Encoder, Vectors
from embeddings.models import ModelDescription


class WrappedEncoder:
    """Passes everything on; what is to be measured is overridden."""

    def __init__(self, encoder: Encoder) -> None:
        self.inner = encoder

    @property
    def description(self) -> ModelDescription:
        """Describe the model within."""
        return self.inner.description

    @property
    def fingerprint(self) -> str:
        """Give the fingerprint of the model within."""
        return self.inner.fingerprint

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions."""
        return self.inner.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences."""
        return self.inner.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count model tokens."""
        return self.inner.count_tokens(texts)
