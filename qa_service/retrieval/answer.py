"""The sentence that answers: chosen within a passage by similarity and by the question's words it contains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.text.tokens import Tokenizer

MATCH_WEIGHT = 0.15 / 2
"""Weight of the matched share of the question's IDF beside the cosine, as measured on the public sets."""


def best_sentence(
    sentences: Sequence[str],
    cosines: NDArray[np.float32],
    idf: Mapping[str, float],
    tokenizer: Tokenizer,
) -> int:
    """Choose the sentence of a passage that best matches the question.

    Parameters:
        sentences: in repaired form, with their cosines (n,) to the question.
        idf: the question's words with their weights.

    Returns:
        Its place among the sentences.
    """
    mass = sum(idf.values())
    shares = [_matched_share(sentence, idf, tokenizer) / mass if mass else 0.0 for sentence in sentences]
    return int(np.argmax(cosines + MATCH_WEIGHT * np.array(shares)))


def _matched_share(sentence: str, idf: Mapping[str, float], tokenizer: Tokenizer) -> float:
    found = tokenizer.contains(sentence, idf)
    return sum(idf[word] for word in found)
