"""The sentence that answers: chosen within a passage by similarity and by the question's words it contains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.text.tokens import Tokenizer
from qa_service.types import Span

MATCH_WEIGHT = 0.15 / 2
"""Weight of the matched share of the question's IDF beside the cosine, as measured on the public sets."""


def best_sentence(
    text: str,
    offset: int,
    sentences: Sequence[Span],
    cosines: NDArray[np.float32],
    idf: Mapping[str, float],
    tokenizer: Tokenizer,
) -> Span:
    """Choose the sentence of a passage that best matches the question.

    Parameters:
        text: the passage, whose first character has the offset `offset` in the original.
        sentences: spans in the original's offsets, with their cosines (n,) to the question.
        idf: the question's words with their weights.
    """
    mass = sum(idf.values())
    shares = [
        _matched_share(text[span.start - offset : span.end - offset], idf, tokenizer) / mass if mass else 0.0
        for span in sentences
    ]
    return sentences[int(np.argmax(cosines + MATCH_WEIGHT * np.array(shares)))]


def _matched_share(sentence: str, idf: Mapping[str, float], tokenizer: Tokenizer) -> float:
    found = tokenizer.contains(sentence, idf)
    return sum(idf[word] for word in found)
