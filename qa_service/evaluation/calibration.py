"""How well confidences tell right from wrong, as functions of weighted questions.

Every function takes weights of shape (b, n), how often each of n questions counts in each of b samples, and returns
one number a sample; NaN where a sample has nothing to judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BINS = 15
"""Bins of the calibration error, as in Guo et al., "On Calibration of Modern Neural Networks", ICML 2017."""


def auroc(confidences: Floats, positive: Mask, negative: Mask, weights: Floats) -> Floats:
    """Compute the area under the receiver operating characteristic: P(positive above negative), ties count half.

    The Mann-Whitney form (Hanley and McNeil, Radiology 143, 1982).

    Parameters:
        confidences: (n,).
        positive, negative: (n,), disjoint; a question in neither does not count.
        weights: (b, n).

    Returns:
        (b,), 0 to 1.
    """
    order = np.argsort(confidences, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(confidences[order]) > 0]) if len(order) else np.zeros(0, int)
    if not len(starts):
        return np.full(len(weights), np.nan)
    above = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    below = np.add.reduceat((weights * negative)[:, order], starts, axis=1)
    wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
    return _ratio(wins, above.sum(axis=1) * below.sum(axis=1))


def equal_width_bins(confidences: Floats) -> NDArray[np.intp]:
    """Assign each confidence (n,) to one of `BINS` bins of equal width; 1.0 belongs to the last."""
    return np.clip((confidences * BINS).astype(np.intp), 0, BINS - 1)


def equal_mass_bins(confidences: Floats) -> NDArray[np.intp]:
    """Assign each confidence (n,) to one of `BINS` bins of about as many questions; equal ones share a bin.

    Adaptive binning as in Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models", EMNLP 2015.
    """
    if not len(confidences):
        return np.zeros(0, np.intp)
    edges = np.quantile(confidences, np.arange(1, BINS) / BINS, method="higher")
    return np.searchsorted(edges, confidences, side="right").astype(np.intp)


def calibration_error(confidences: Floats, labels: Floats, bins: NDArray[np.intp], weights: Floats) -> Floats:
    """Compute the expected calibration error: the mean gap between confidence and accuracy, bin by bin.

    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.

    Parameters:
        confidences, labels: (n,); labels are 1 where the first passage is right, else 0.
        bins: (n,), the bin of each.
        weights: (b, n); 0 for a question that does not count.

    Returns:
        (b,), 0 to 1.
    """
    table = np.zeros((len(bins), BINS))
    table[np.arange(len(bins)), bins] = confidences - labels
    return _ratio(np.abs(weights @ table).sum(axis=1), weights.sum(axis=1))


def weighted_mean(values: Floats, counted: Mask, weights: Floats) -> Floats:
    """Average values (n,) over the questions that are counted (n,); (b,)."""
    return _ratio(weights @ np.where(counted, values, 0.0), weights @ counted.astype(np.float64))


def weighted_median(values: Floats, counted: Mask, weights: Floats) -> Floats:
    """Find the (lower) median of values (n,) over the questions that are counted (n,); (b,)."""
    places = np.flatnonzero(counted)
    order = places[np.argsort(values[places], kind="stable")]
    if not len(order):
        return np.full(len(weights), np.nan)
    mass = np.cumsum(weights[:, order], axis=1)
    middle = np.argmax(mass >= mass[:, -1:] / 2, axis=1)
    return np.where(mass[:, -1] > 0, values[order][middle], np.nan)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of the reliability diagram: its range, how many questions, their mean confidence and share right."""

    low: float
    high: float
    questions: int
    confidence: float
    right: float


def reliability(confidences: Floats, labels: Floats) -> list[Bin]:
    """Sort questions into `BINS` bins of equal width; bins without questions are left out.

    Parameters:
        confidences, labels: (n,), as for `calibration_error`.
    """
    places = equal_width_bins(confidences)
    found = []
    for number in np.unique(places).tolist():
        here = places == number
        mean, right = float(confidences[here].mean()), float(labels[here].mean())
        found.append(Bin(number / BINS, (number + 1) / BINS, int(here.sum()), mean, right))
    return found


def risk_coverage(confidences: Floats, labels: Floats) -> list[tuple[float, float]]:
    """Give the share of wrong ones among those answered, for every threshold from the highest down.

    El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11, 2010.

    Parameters:
        confidences, labels: (n,), as for `calibration_error`.

    Returns:
        (coverage, risk) for each distinct confidence, by rising coverage.
    """
    order = np.argsort(-confidences, kind="stable")
    if not len(order):
        return []
    answered = np.arange(1, len(order) + 1)
    risks = np.cumsum(1 - labels[order]) / answered
    ends = np.flatnonzero(np.r_[np.diff(confidences[order]) < 0, True])
    return [(float(answered[end] / len(order)), float(risks[end])) for end in ends.tolist()]
