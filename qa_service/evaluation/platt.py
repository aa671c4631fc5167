"""Platt scaling: a slope and an offset on log-odds, fitted to which of them came true.

Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods", 1999;
minimised by Newton's method with backtracking as in Lin, Lin and Weng, "A note on Platt's probabilistic outputs for
support vector machines", Machine Learning 68, 2007.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from qa_service.evaluation.calibration import Floats
from qa_service.retrieval.calibration import Adjustment

FOLDS = 5
_RIDGE = 1e-9
_STEPS = 100
_SMALL_GRADIENT = 1e-9
_LEAST_STEP = 1e-10
_SUFFICIENT = 1e-4


def fit(log_odds: Floats, labels: Floats, prior: float) -> Adjustment:
    """Fit the adjustment that makes labels likeliest, with Platt's smoothed targets.

    The prior counts as so many more questions of the same log-odds, each of which comes true as often as its
    unadjusted probability says: so it is worth the same whatever the log-odds' scale, and pulls to slope 1, offset 0.

    Parameters:
        log_odds: (n,), n at least 1.
        labels: (n,), 1 or 0.
        prior: how many questions the prior is worth; 0 for none.
    """
    positive = float(labels.sum())
    negative = len(labels) - positive
    targets = np.where(labels > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    unadjusted = _probabilities(log_odds)
    weight = 1 + prior / len(labels)
    # The loss is linear in the target, so that both kinds of questions make one with the mean of their targets.
    mixed = (targets + (weight - 1) * unadjusted) / weight
    return Adjustment(*_minimise(log_odds, mixed, math.log((positive + 1) / (negative + 1))))


def cross_validated(log_odds: Floats, labels: Floats, clusters: Sequence[str], prior: float) -> Floats:
    """Adjust each question's log-odds (n,) by a fit on the other questions: those of other folds; see `folds`."""
    adjusted = np.empty(len(log_odds))
    places = folds(clusters)
    for fold in range(FOLDS):
        held_out = places == fold
        if held_out.any():
            found = fit(log_odds[~held_out], labels[~held_out], prior)
            adjusted[held_out] = apply(found, log_odds[held_out])
    return adjusted


def folds(clusters: Sequence[str]) -> Floats:
    """Assign each question (n,) to one of `FOLDS` folds, clusters whole: the largest first, to the smallest fold.

    Clusters of one size come in an order that depends on their names alone.
    """
    sizes = Counter(clusters)
    order = sorted(sizes, key=lambda name: (-sizes[name], hashlib.sha256(name.encode()).digest()))
    filled, assigned = [0] * FOLDS, {}
    for name in order:
        assigned[name] = filled.index(min(filled))
        filled[assigned[name]] += sizes[name]
    return np.array([assigned[name] for name in clusters], dtype=np.float64)


def apply(adjustment: Adjustment, log_odds: Floats) -> Floats:
    """Adjust log-odds (n,)."""
    return adjustment.slope * log_odds + adjustment.offset


def probabilities(log_odds: Floats) -> Floats:
    """Turn adjusted log-odds (n,) into the confidences that the service gives, rounded as it rounds them."""
    identity = Adjustment()
    return np.array([round(identity.probability(one), 6) for one in log_odds.tolist()])


def log_losses(log_odds: Floats, labels: Floats) -> Floats:
    """Compute each question's logarithmic loss (n,), in nats (Good, "Rational decisions", 1952)."""
    losses: Floats = np.logaddexp(0, log_odds) - labels * log_odds
    return losses


def _probabilities(log_odds: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -log_odds))


def _minimise(log_odds: Floats, targets: Floats, offset: float) -> tuple[float, float]:
    """Minimise the mean cross-entropy over slope and offset, from slope 0: it is convex, and not flat there."""
    design = np.stack([log_odds, np.ones_like(log_odds)], axis=1)
    at = np.array([0.0, offset])
    loss = _loss(design @ at, targets)
    for _ in range(_STEPS):
        expected = _probabilities(design @ at)
        gradient = design.T @ (expected - targets) / len(targets)
        if np.abs(gradient).max() < _SMALL_GRADIENT:
            break
        hessian = (design * (expected * (1 - expected))[:, np.newaxis]).T @ design / len(targets)
        direction = -np.linalg.solve(hessian + _RIDGE * np.eye(2), gradient)
        step, slope = 1.0, float(gradient @ direction)
        while step >= _LEAST_STEP:
            better = _loss(design @ (at + step * direction), targets)
            if better <= loss + _SUFFICIENT * step * slope:
                break
            step /= 2
        else:
            break
        at, loss = at + step * direction, better
    return float(at[0]), float(at[1])


def _loss(log_odds: Floats, targets: Floats) -> float:
    return float(log_losses(log_odds, targets).mean())
