"""One sentence or two adjacent ones: what holds the answer most probably, for what its length costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qa_service.retrieval.answering.features import Column, Matrix


@dataclass(frozen=True, slots=True)
class Choice:
    """Places among a passage's sentences: the chosen one or two, the more probable first."""

    sentences: tuple[int, ...]

    @property
    def best(self) -> int:
        """The more probable one."""
        return self.sentences[0]


def probabilities(features: Matrix, weights: Column) -> Column:
    """Give the probability that each sentence (n,) of a passage is the one that answers, if one does.

    A conditional logit over the passage's sentences: McFadden, "Conditional logit analysis of qualitative choice
    behavior", 1974.
    """
    scores = features @ weights
    odds = np.exp(scores - scores.max())
    chances: Column = odds / odds.sum()
    return chances


def choose(chances: Column, lengths: Column, joined: Sequence[bool], price: float) -> Choice:
    """Choose the sentence, or the two adjacent ones, whose probability is highest after the price of its length.

    Parameters:
        chances: probability of each sentence (n,), n >= 1.
        lengths: of each (n,), as `text_length` gives them.
        joined: for each sentence but the last (n - 1), whether it and the next may be shown as one answer.
        price: what a unit of length costs.
    """
    worth = chances - price * lengths
    best = int(np.argmax(worth))
    chosen: tuple[int, ...] = (best,)
    highest = float(worth[best])
    for first in np.flatnonzero(np.array(joined, dtype=bool)).tolist():
        second = first + 1
        together = float(worth[first] + worth[second])
        if together > highest:
            highest = together
            chosen = (first, second) if chances[first] >= chances[second] else (second, first)
    return Choice(chosen)


def text_length(text: str) -> float:
    """Measure how much there is to read, in Chinese characters: a third of the bytes of UTF-8.

    A Han character has three bytes and says about as much as three Latin letters.
    """
    return len(text.encode("utf-8", "replace")) / 3
