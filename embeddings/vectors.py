"""What every encoder does with its input and its output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.encoder import Vectors


def unit(vectors: Vectors) -> Vectors:
    """Scale each row to unit length; a row of zeros, as of a text without known tokens, becomes a basis vector."""
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    empty = norms == 0
    scaled = np.ascontiguousarray(vectors / np.where(empty, 1, norms)[:, None], dtype=np.float32)
    scaled[empty, 0] = 1
    return scaled


def refuse_single(texts: Sequence[str]) -> None:
    """Raise TypeError for one string, which is a sequence of strings too, of its characters."""
    if isinstance(texts, str):
        raise TypeError("texts must be a sequence of strings, not one string")
