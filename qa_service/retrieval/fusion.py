"""Fusion of the dense and the lexical leg; pure functions over arrays.

The lexical leg counts by coverage, the share of the question's IDF mass that the collection knows: about 0.96 for a
question in the articles' language and 0.3 to 0.45 in another, where only stray digits and names match. A fixed weight
loses one or the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEG_DEPTH = 100
"""Best passages of a leg that set its scale."""
MAX_LEXICAL_WEIGHT = 0.5
COVERAGE_START, COVERAGE_RANGE = 0.5, 0.4
TIE_BREAK = 1e-6
MATCHED_WEIGHT = 0.1
"""What the share of the question's IDF mass in a passage adds, whatever the language: a name or a number that a foreign
question shares with the articles. On XQuAD's articles nDCG@10 rises by .0010 for English questions and by .0003 for
Russian ones; for Chinese ones it stays."""

Scores = NDArray[np.float64]


def lexical_share(coverage: float) -> float:
    """Tell how far words can be trusted: 0 up to half coverage, rising to 1 at 0.9."""
    return min(max((coverage - COVERAGE_START) / COVERAGE_RANGE, 0.0), 1.0)


def lexical_weight(coverage: float) -> float:
    """Weigh the lexical leg: 0 up to half coverage, rising to 0.5 at 0.9."""
    return MAX_LEXICAL_WEIGHT * lexical_share(coverage)


def leg_scale(scores: Scores, matches: NDArray[np.bool_] | None = None, setting: int | None = None) -> Scores:
    """Map a leg's scores (n,) to 0..1 between its 100th best (its last, if fewer) and its best.

    `matches` marks the passages that are in the leg's list at all; by default all are. The first `setting` of them set
    the scale, by default all.
    """
    listed = scores[:setting] if matches is None else scores[:setting][matches[:setting]]
    if not len(listed):
        return np.zeros_like(scores)
    best = np.sort(listed)[::-1][:LEG_DEPTH]
    top, low = float(best[0]), float(best[-1])
    if top <= low:
        return (scores >= top).astype(np.float64)
    scaled: Scores = np.clip((scores - low) / (top - low), 0.0, 1.0)
    return scaled


def fuse(dense: Scores, lexical: Scores, matched: Scores, coverage: float, setting: int | None = None) -> Scores:
    """Fuse the legs' scores (n,) of the same candidates; higher is better.

    Parameters:
        dense: cosine of the window plus the best cosine of a sentence.
        lexical: BM25, 0 for a passage without any of the question's words.
        matched: share of the question's IDF mass in the passage, 0..1.
        coverage: share of the question's IDF mass in the collection, 0..1.
        setting: how many of the first set the legs' scales, by default all.
    """
    weight = lexical_weight(coverage)
    fused = (1 - weight) * leg_scale(dense, setting=setting) + MATCHED_WEIGHT * matched + TIE_BREAK * dense
    if weight > 0:
        fused = fused + weight * leg_scale(lexical, lexical > 0, setting)
    return fused
