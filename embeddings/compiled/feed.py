"""Turns token ids into what the graph takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from embeddings.compiled.graph import EMBEDDED, MASK, POOLING
from embeddings.compiled.weights import BertWeights
from embeddings.encoder import Vectors

Feed = Mapping[str, Vectors]

_HIDDEN = -1e4
"""Added to the logits of padding: far enough from any logit that its weight is zero, and within every precision."""


_STEPS = ((64, 8), (256, 16))
_LAST_STEP = 32


def padded_length(length: int) -> int:
    """Round a number of tokens up, to a multiple of 8, of 16 above 64, and of 32 above 256.

    The engine compiles what it runs for each shape anew and keeps it: a new shape costs several times the run, and
    some megabytes for good. With every length a shape of its own, 240 texts of 4 to 500 characters took 950 MB.
    """
    step = next((step for most, step in _STEPS if length <= most), _LAST_STEP)
    return -(-length // step) * step


def make_feed(weights: BertWeights, texts: Sequence[Sequence[int]]) -> Feed:
    """Pad texts, given as token ids, to the `padded_length` of the longest and look their vectors up.

    Returns:
        float32 arrays by input name, as `graph` describes them.
    """
    lengths = np.array([len(ids) for ids in texts])
    width = min(padded_length(int(lengths.max())), weights.positions)
    given = np.arange(width) < lengths[:, None]
    ids = np.zeros((len(texts), width), dtype=np.int64)
    ids[given] = np.concatenate([np.asarray(text, dtype=np.int64) for text in texts])
    pooling = (given / lengths[:, None]).astype(np.float32)
    mask = np.where(given, np.float32(0), np.float32(_HIDDEN))
    return {EMBEDDED: weights.embed(ids), MASK: mask[:, None, None, :], POOLING: pooling[:, None, :]}
