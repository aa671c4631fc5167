"""The two regressions that fit the ranking: a listwise softmax and a weighted logistic one, both with L2 penalty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
Bound = tuple[float | None, float | None]


def doubled(features: Array, share: Array) -> Array:
    """Split each feature (n, f) into its foreign and its native part (n, 2f); `share` (n,) is how native."""
    return np.hstack([features * (1 - share[:, np.newaxis]), features * share[:, np.newaxis]])


def fit_listwise(
    lists: Sequence[tuple[Array, NDArray[np.bool_], float]], bounds: Sequence[Bound], penalty: float
) -> Array:
    """Maximise the probability of the right candidates of each list under a softmax over the list.

    ListNet's top-one loss: Cao et al., "Learning to rank: from pairwise approach to listwise approach", 2007.

    Parameters:
        lists: features (k, f), which candidates are right (k,), and the list's weight.
        bounds: of each weight (f).

    Returns:
        Weights (f,).
    """
    x = np.vstack([features for features, _, _ in lists])
    right = np.concatenate([marks for _, marks, _ in lists])
    weight = np.array([value for _, _, value in lists])
    owner = np.repeat(np.arange(len(lists)), [len(features) for features, _, _ in lists])
    starts = np.searchsorted(owner, np.arange(len(lists)))
    scale = x.std(axis=0) + 1e-9
    x = x / scale

    def loss(theta: Array) -> tuple[float, Array]:
        z = x @ theta
        e = np.exp(z - np.maximum.reduceat(z, starts)[owner])
        good = np.where(right, e, 0.0)
        total, reached = np.add.reduceat(e, starts), np.add.reduceat(good, starts)
        slope = (e / total[owner] - good / reached[owner]) * weight[owner]
        value = float((weight * (np.log(total) - np.log(reached))).sum() + penalty * (theta**2).sum())
        return value, x.T @ slope + 2 * penalty * theta

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    fitted: Array = found.x / scale
    return fitted


def fit_logistic(
    features: Array, labels: Array, weights: Array, penalty: float, bounds: Sequence[Bound] | None = None
) -> Array:
    """Fit a logistic regression.

    Parameters:
        features: (n, f); labels: 0 or 1 (n,); weights: of each example (n,).
        bounds: of each fitted weight (f).

    Returns:
        Weights (f,).
    """
    scale = np.abs(features).mean(axis=0) + 1e-6
    x, w = features / scale, weights / weights.sum()

    def loss(theta: Array) -> tuple[float, Array]:
        z = np.clip(x @ theta, -40, 40)
        p = 1 / (1 + np.exp(-z))
        value = -(w * (labels * np.log(p + 1e-12) + (1 - labels) * np.log(1 - p + 1e-12))).sum()
        return float(value + penalty * (theta**2).sum()), x.T @ ((p - labels) * w) + 2 * penalty * theta

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000})
    fitted: Array = found.x / scale
    return fitted
