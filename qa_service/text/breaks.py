"""Chooses where a run of sentences is broken into windows, as a typesetter breaks a paragraph into lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Window = tuple[int, int]

MOST_SENTENCES = 1024
# Sentences are joined into units of up to this share of the limit before breaks are weighed: it bounds the work.
_UNIT_SHARE = 1 / 24
_UNIT_SENTENCES = 16


def balanced_windows(counts: Floats, shared: float, penalties: Floats, limit: int) -> list[Window]:
    """Break sentences into windows of even size.

    Minimises the sum over windows of ((limit - size) / limit)^2, plus the penalties of the breaks taken: the
    squared slack of Knuth and Plass, "Breaking Paragraphs into Lines" (1981). Linear in the number of sentences.

    Parameters:
        counts: float64 of length n, the tokens of each sentence, none over the limit.
        shared: how many tokens two sentences lose when they are joined, on average; may be negative.
        penalties: float64 of length n, the cost of a break before each sentence.
        limit: the most tokens of a window.

    Returns:
        (first, end) index pairs in order, which together hold all n sentences, at most 1,024 each; a window is
        within the limit as far as `shared` tells.
    """
    edges = _units(np.maximum(counts - shared, 0.0), penalties, limit)
    size = np.append(0.0, np.cumsum(np.maximum(counts - shared, 0.0)))[edges]
    lowest = np.searchsorted(size, size - (limit - shared), side="left")
    lowest = np.maximum(lowest, np.searchsorted(edges, edges - MOST_SENTENCES, side="left"))
    cost = np.append(penalties, 0.0)[edges]
    cost[0] = 0.0
    previous = np.zeros(len(edges), dtype=np.int64)
    for last in range(1, len(edges)):
        first = min(int(lowest[last]), last - 1)
        slack = 1.0 - (size[last] - size[first:last] + shared) / limit
        total = cost[first:last] + slack * slack
        best = int(np.argmin(total))
        cost[last] += total[best]
        previous[last] = first + best
    windows: list[Window] = []
    last = len(edges) - 1
    while last > 0:
        windows.append((int(edges[previous[last]]), int(edges[last])))
        last = int(previous[last])
    return windows[::-1]


def halves(counts: Floats, penalties: Floats, window: Window) -> tuple[Window, Window]:
    """Break one window of two or more sentences in two, near its middle and where it costs least."""
    first, end = window
    before = np.cumsum(counts[first : end - 1])
    total = max(float(counts[first:end].sum()), 1.0)
    place = first + 1 + int(np.argmin(np.abs(2 * before / total - 1) + penalties[first + 1 : end]))
    return (first, place), (place, end)


def _units(counts: Floats, penalties: Floats, limit: int) -> NDArray[np.int64]:
    """Join short neighbours, but not over a break that costs nothing; gives the units' edges, 0 to n."""
    edges = [0]
    size = 0.0
    for index, (count, penalty) in enumerate(zip(counts.tolist(), penalties.tolist(), strict=True)):
        full = size + count > limit * _UNIT_SHARE or index - edges[-1] >= _UNIT_SENTENCES
        if index and (full or penalty == 0.0):
            edges.append(index)
            size = 0.0
        size += count
    return np.array([*edges, len(counts)], dtype=np.int64)
