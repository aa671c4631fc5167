"""Refits the confidences to a user's own questions, and measures what that is worth on questions not fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from qa_service.errors import BadInput
from qa_service.evaluation import platt
from qa_service.evaluation.bootstrap import Estimate, estimate, estimate_differences
from qa_service.evaluation.calibration import (
    Floats,
    Mask,
    auroc,
    calibration_error,
    equal_width_bins,
    weighted_mean,
)
from qa_service.evaluation.datasets import ANSWERABLE
from qa_service.evaluation.measures import Measure
from qa_service.evaluation.probing import Probe, clusters
from qa_service.retrieval.calibration import Adjustment
from qa_service.retrieval.saved_adjustment import in_bounds

LEAST_QUESTIONS = 20
LEAST_CLUSTERS = platt.FOLDS
PRIOR = 20.0
"""What the package's own calibration is worth, in questions asked, where it was fitted on the model in use."""
KEEP = 0.95
"""Share of the right answers that the proposed threshold keeps."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, and the shares of the right answers kept and of the unanswerable questions answered."""

    value: float
    right_kept: float
    unanswerable_answered: float


@dataclass(frozen=True, slots=True)
class Refit:
    """A refit and what it does.

    Attributes:
        adjustment: fitted on all questions.
        better: whether it may be used: cross-validated, its log loss is below that of the confidences as shipped.
        shipped, refitted, change: measure name -> estimate; the refitted ones are cross-validated, the change is theirs
            against the shipped ones, question by question.
        in_use: the same for the adjustment that was in force, which may have been fitted on these very questions.
        present, proposed: thresholds, with the confidences that are in force once the command is done.
        asked, right: how many questions with answers were asked, and how many first passages were right.
        unanswerable: how many were asked that had no answer.
    """

    adjustment: Adjustment
    better: bool
    shipped: Mapping[str, Estimate]
    refitted: Mapping[str, Estimate]
    change: Mapping[str, Estimate]
    in_use: Mapping[str, Estimate] | None
    present: Threshold
    proposed: Threshold
    asked: int
    right: int
    unanswerable: int


def refit(probes: Sequence[Probe], threshold: float, prior: float = PRIOR, in_force: Adjustment | None = None) -> Refit:
    """Fit slope and offset to how often first passages were right.

    Parameters:
        probes: every question as it was asked.
        threshold: the confidence from which questions count as answerable now.
        prior: how many questions the package's own calibration is worth; see `platt.fit`.
        in_force: the adjustment that is in force, if any.

    Errors:
        BadInput: there are too few questions or articles, or no first passage is right.
    """
    log_odds = np.array([one.log_odds for one in probes], dtype=np.float64)
    labels = np.array([one.right for one in probes], dtype=np.float64)
    groups = clusters(probes)
    _check(probes, groups)
    adjustment = platt.fit(log_odds, labels, prior)
    held_out = platt.cross_validated(log_odds, labels, groups, prior)
    better = bool(platt.log_losses(held_out, labels).mean() < platt.log_losses(log_odds, labels).mean())
    better = better and in_bounds(adjustment)
    measure = partial(_measures, probes, threshold)
    compared = estimate_differences(measure(log_odds), measure(held_out), groups)
    then = adjustment if better else in_force or Adjustment()
    confidences = platt.probabilities(platt.apply(then, log_odds))
    unanswerable = np.array([one.kind != ANSWERABLE for one in probes], dtype=np.bool_)
    judge = partial(_threshold, confidences, labels > 0, unanswerable)
    return Refit(
        adjustment,
        better,
        shipped={name: one[0] for name, one in compared.items()},
        refitted={name: one[1] for name, one in compared.items()},
        change={name: one[2] for name, one in compared.items()},
        in_use=estimate(measure(platt.apply(in_force, log_odds)), groups) if in_force else None,
        present=judge(threshold),
        proposed=judge(keeping(confidences[labels > 0], KEEP)),
        asked=int((~unanswerable).sum()),
        right=int(labels.sum()),
        unanswerable=int(unanswerable.sum()),
    )


def keeping(confidences: Floats, share: float) -> float:
    """Find the highest threshold, in hundredths, that keeps a share of some confidences (n,), n at least 1."""
    lost = int((1 - share) * len(confidences) + 1e-9)
    return float(np.floor(np.sort(confidences)[lost] * 100 + 1e-9) / 100)


def _check(probes: Sequence[Probe], groups: Sequence[str]) -> None:
    answerable = [one for one in probes if one.kind == ANSWERABLE]
    if len(answerable) < LEAST_QUESTIONS:
        detail = f"{len(answerable)} questions can be asked, and {LEAST_QUESTIONS} are the fewest to learn from"
        raise BadInput(detail, remedy="add more; `qa-service questions suggest` proposes some")
    about = {group for one, group in zip(probes, groups, strict=True) if one.kind == ANSWERABLE}
    if len(about) < LEAST_CLUSTERS:
        detail = f"the questions are about {len(about)} articles that are not copies; at least {LEAST_CLUSTERS} must be"
        raise BadInput(detail, remedy="ask about more articles")
    if not any(one.right for one in probes):
        raise BadInput(
            "the first passage is right for none of the questions", remedy="`qa-service questions check` them"
        )


def _measures(probes: Sequence[Probe], threshold: float, log_odds: Floats) -> list[Measure]:
    """List the measures of adjusted log-odds (n,)."""
    labels = np.array([one.right for one in probes], dtype=np.float64)
    unanswerable = np.array([one.kind != ANSWERABLE for one in probes], dtype=np.bool_)
    confidences = platt.probabilities(log_odds)
    everything, right = np.ones(len(probes), dtype=np.bool_), labels > 0
    answered = (confidences >= threshold).astype(np.float64)
    bins = equal_width_bins(confidences)
    return [
        _mean("Log loss", platt.log_losses(log_odds, labels), everything),
        Measure("ECE", "lower", partial(calibration_error, confidences, labels, bins), len(probes)),
        _mean("Brier", (confidences - labels) ** 2, everything),
        Measure("AUROC", "higher", partial(auroc, confidences, right, ~right), len(probes)),
        _mean("Right kept", answered, right),
        _mean("Unanswerable answered", answered, unanswerable),
    ]


def _mean(name: str, values: Floats, counted: Mask) -> Measure:
    return Measure(
        name, "higher" if name == "Right kept" else "lower", partial(weighted_mean, values, counted), int(counted.sum())
    )


def _threshold(confidences: Floats, right: Mask, unanswerable: Mask, value: float) -> Threshold:
    answered = confidences >= value
    return Threshold(value, float(answered[right].mean()), float(answered[unanswerable].mean()))
