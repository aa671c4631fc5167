"""The one interface the rest of the service knows of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embeddings.models import ModelDescription, RuntimeInfo

Vectors = NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors. Prompts are the model's own business; callers pass bare text."""

    @property
    def description(self) -> ModelDescription:
        """The model's name, dimension, prompts and limits."""

    @property
    def fingerprint(self) -> str:
        """Identify the vectors: encoders with equal fingerprints give interchangeable ones."""

    @property
    def runtime(self) -> RuntimeInfo:
        """What runs the model, and in which precision."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode questions; float32 of shape (len(texts), dim), each row of unit length."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode windows or sentences; float32 of shape (len(texts), dim), each row of unit length."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the model tokens of each bare text, without prompt and special tokens."""
