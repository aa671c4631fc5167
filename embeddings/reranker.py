"""The one interface the rest of the service knows of a reranker, and the selector of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Relevance = NDArray[np.float32]


@runtime_checkable
class Reranker(Protocol):
    """Reads a question and a passage together and says how well they fit. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """The name under which it is shown."""

    def room(self, query: str) -> int:
        """Tell how many tokens of a passage it reads beside this question; what is longer is cut off at the end."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each bare text, without special tokens and without any limit."""

    def score(self, query: str, passages: Sequence[str]) -> Relevance:
        """Score passages, float32 of shape (len(passages),); higher is better.

        Scores are the model's raw output (logits), before any activation: only their order means something, and a
        sigmoid in float32 would make the best ones equal.
        """


def load_reranker(name_or_folder: str | Path) -> Reranker:
    """Load a reranker, without any network access.

    Load it after the encoder: it switches the libraries to offline mode, which an encoder from the hub may not want.

    Args:
        name_or_folder: "toy" for the reranker of the tests, else a folder of a sentence-transformers CrossEncoder,
            else the hub name of one that is in the local cache.

    Errors:
        ModelError: it cannot be found or loaded, or is no cross-encoder.
    """
    if name_or_folder == "toy":
        from embeddings.toy import ToyReranker  # noqa: PLC0415

        return ToyReranker()
    from embeddings.cross_encoder import CrossEncoderReranker  # noqa: PLC0415

    return CrossEncoderReranker(name_or_folder)
