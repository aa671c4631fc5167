"""Bootstrap intervals over articles: the questions of one article depend on each other, so they go together.

Resampling whole clusters with replacement: Field and Welsh, "Bootstrapping clustered data", Journal of the Royal
Statistical Society B 69, 2007. Bias-corrected percentile intervals: Efron, "Nonparametric standard errors and
confidence intervals", Canadian Journal of Statistics 9, 1981; the calibration error needs them, since every resample
of it is on average larger than the sample's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from qa_service.evaluation.calibration import Floats
from qa_service.evaluation.measures import Measure

RESAMPLES = 1000
SEED = 20_000
_NORMAL = NormalDist()
_EDGE = _NORMAL.inv_cdf(0.975)
_CELLS = 4_000_000
"""Most weights held at once, as doubles."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure's value, its 95% interval (None where undefined), and over how many questions."""

    value: float | None
    low: float | None
    high: float | None
    questions: int


def estimate(measures: Sequence[Measure], clusters: Sequence[str]) -> dict[str, Estimate]:
    """Estimate every measure with its 95% interval.

    Parameters:
        measures: of n questions.
        clusters: the article of each of the n questions.

    Returns:
        Measure name -> estimate, in order; without intervals if there is but one article.
    """
    whole = np.ones((1, len(clusters)))
    samples = _samples(measures, clusters)
    return {m.name: _estimate(float(m.of(whole)[0]), samples[m.name], m.counts) for m in measures}


def estimate_differences(
    old: Sequence[Measure], new: Sequence[Measure], clusters: Sequence[str]
) -> dict[str, tuple[Estimate, Estimate, Estimate]]:
    """Estimate the measures of two runs on the same questions, and the paired differences, new minus old.

    Both runs are resampled alike, so that what makes a question hard for both does not widen the interval.

    Parameters:
        old, new: measures of the same n questions, in the same order of questions.
        clusters: the article of each of the n questions.

    Returns:
        Name of each measure that both have -> estimates of the old, the new and the difference.
    """
    before = {measure.name: measure for measure in old}
    common = [measure for measure in new if measure.name in before]
    earlier = [before[measure.name] for measure in common]
    # Both walk through the same resamples, which depend on the clusters alone.
    new_samples, old_samples = _samples(common, clusters), _samples(earlier, clusters)
    whole = np.ones((1, len(clusters)))
    found = {}
    for was, now in zip(earlier, common, strict=True):
        old_value, new_value = float(was.of(whole)[0]), float(now.of(whole)[0])
        a, b = old_samples[was.name], new_samples[now.name]
        found[now.name] = (
            _estimate(old_value, a, was.counts),
            _estimate(new_value, b, now.counts),
            _estimate(new_value - old_value, b - a, now.counts),
        )
    return found


def _samples(measures: Sequence[Measure], clusters: Sequence[str]) -> dict[str, Floats]:
    """Compute each measure in every resample; no values if there is but one cluster."""
    if len(set(clusters)) < 2:
        return {measure.name: np.empty(0) for measure in measures}
    parts: dict[str, list[Floats]] = {measure.name: [] for measure in measures}
    for weights in _resamples(clusters):
        for measure in measures:
            parts[measure.name].append(measure.of(weights))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _resamples(clusters: Sequence[str]) -> Iterator[Floats]:
    """Draw how often each question counts, in blocks of (b, n), `RESAMPLES` rows together."""
    _, numbers = np.unique(np.array(clusters, dtype=object).astype(str), return_inverse=True)
    count = int(numbers.max()) + 1
    generator = np.random.default_rng(SEED)
    block = max(1, min(RESAMPLES, _CELLS // len(numbers)))
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        yield generator.multinomial(count, np.full(count, 1 / count), size=size)[:, numbers].astype(np.float64)


def _estimate(value: float, samples: Floats, questions: int) -> Estimate:
    known = samples[np.isfinite(samples)]
    point = value if np.isfinite(value) else None
    if point is None or not len(known):
        return Estimate(point, None, None, questions)
    low, high = np.percentile(known, _percentiles(known, point))
    return Estimate(point, float(low), float(high), questions)


def _percentiles(samples: Floats, value: float) -> list[float]:
    """Choose the percentiles of the samples, of which half should lie below the value, that hold 95%."""
    below = (np.count_nonzero(samples < value) + np.count_nonzero(samples == value) / 2) / len(samples)
    least = 0.5 / len(samples)
    shift = 2 * _NORMAL.inv_cdf(float(np.clip(below, least, 1 - least)))
    return [100 * _NORMAL.cdf(shift + edge) for edge in (-_EDGE, _EDGE)]
