"""From raw evidence to a probability. A plain first mapping: fixed weights, no min-max values, same at any top_k."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qa_service.retrieval.evidence import Evidence

# A logistic regression on a third of XQuAD's questions (asked in three languages, half with the right article taken
# out) and as many of another domain; right answers count double, since most questions asked do have one.
BIAS = -12.6
DENSE_WEIGHT = 7.3
MATCHED_WEIGHT = 11.2
FOREIGN_WEIGHT = 6.6


def probability(dense: float, matched: float, coverage: float) -> float:
    """Estimate how probable it is that a passage answers the question.

    A logistic function of the mean cosine (window and best sentence), of the share of the question's IDF mass that
    the passage contains, and of the share that the collection does not know: a question in another language has few
    known words and lower cosines.

    Parameters:
        dense: cosine of the window plus the best cosine of a sentence, -2..2.
        matched: share of the question's IDF mass in the passage, 0..1.
        coverage: share of the question's IDF mass in the collection, 0..1.
    """
    x = BIAS + DENSE_WEIGHT * dense / 2 + MATCHED_WEIGHT * matched + FOREIGN_WEIGHT * (1 - coverage)
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, x))))


def scores(evidence: Evidence, order: Sequence[int], coverage: float) -> list[float]:
    """Give the probabilities of candidates in rank order, made non-increasing: a passage never outdoes a better one."""
    dense, matched = evidence.dense, evidence.matched
    result: list[float] = []
    ceiling = 1.0
    for place in order:
        ceiling = min(ceiling, probability(float(dense[place]), float(matched[place]), coverage))
        result.append(ceiling)
    return result
