"""Measures of confidence against their definitions, worked out the slow way."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from qa_service.evaluation.calibration import (
    BINS,
    auroc,
    calibration_error,
    equal_mass_bins,
    equal_width_bins,
    reliability,
    risk_coverage,
    weighted_mean,
    weighted_median,
)

ONCE = np.ones((1, 1))


def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_as_halves() -> None:
    chance = random.Random(1)
    scores = np.array([chance.randrange(8) / 7 for _ in range(60)])
    positive = np.array([chance.random() < 0.4 for _ in scores])
    negative = ~positive
    negative[:5] = False
    positive[:5] = False
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[negative]]
    found = auroc(scores, positive, negative, np.ones((1, 60)))
    assert found[0] == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_counts_a_question_as_often_as_it_was_drawn() -> None:
    scores = np.array([0.9, 0.2, 0.5, 0.4])
    positive = np.array([True, True, False, False])
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 0], [0, 3, 1, 1], [0, 0, 1, 1]], dtype=float)
    assert auroc(scores, positive, ~positive, weights)[:3].tolist() == [0.5, 1.0, 0.0]
    assert math.isnan(auroc(scores, positive, ~positive, weights)[3])


def test_calibration_error_of_a_service_that_is_always_sure() -> None:
    confidences, labels = np.full(10, 0.95), np.array([1.0] * 6 + [0.0] * 4)
    found = calibration_error(confidences, labels, equal_width_bins(confidences), np.ones((1, 10)))
    assert found[0] == pytest.approx(0.35)


def test_errors_in_opposite_directions_cancel_within_a_bin_and_not_between_bins() -> None:
    weights = np.ones((1, 2))
    same, labels = np.array([0.51, 0.52]), np.array([0.0, 1.0])
    assert calibration_error(same, labels, equal_width_bins(same), weights)[0] == pytest.approx(0.015)
    apart = np.array([0.1, 0.9])
    assert calibration_error(apart, 1 - labels, equal_width_bins(apart), weights)[0] == pytest.approx(0.9)


def test_equal_width_bins_cover_0_to_1() -> None:
    assert equal_width_bins(np.array([0.0, 0.0666, 0.0667, 0.5, 1.0])).tolist() == [0, 0, 1, 7, BINS - 1]


def test_equal_mass_bins_are_even_and_keep_equal_confidences_together() -> None:
    spread = np.linspace(0.9, 1.0, 150)
    assert np.bincount(equal_mass_bins(spread)).tolist() == pytest.approx([10] * BINS, abs=1)
    assert len(set(equal_mass_bins(np.full(50, 0.7)).tolist())) == 1
    assert equal_mass_bins(np.empty(0)).tolist() == []


def test_means_and_medians_are_over_what_counts() -> None:
    values, counted = np.array([5.0, 1.0, 3.0, 99.0]), np.array([True, True, True, False])
    weights = np.array([[1, 1, 1, 1], [0, 0, 4, 1], [0, 0, 0, 1]], dtype=float)
    assert weighted_mean(values, counted, weights)[:2].tolist() == [3.0, 3.0]
    assert weighted_median(values, counted, weights)[:2].tolist() == [3.0, 3.0]
    assert weighted_median(values, counted, np.array([[3.0, 1.0, 1.0, 9.0]]))[0] == 5.0
    assert np.isnan(weighted_mean(values, counted, weights)[2])
    assert np.isnan(weighted_median(values, counted, weights)[2])
    assert np.isnan(weighted_median(values[:1], np.array([False]), ONCE)[0])


def test_reliability_leaves_empty_bins_out() -> None:
    bins = reliability(np.array([0.05, 0.06, 0.99]), np.array([0.0, 1.0, 1.0]))
    assert [(one.questions, round(one.confidence, 3), one.right) for one in bins] == [(2, 0.055, 0.5), (1, 0.99, 1.0)]


def test_risk_grows_with_coverage_when_the_unsure_are_wrong() -> None:
    found = risk_coverage(np.array([0.2, 0.9, 0.6, 0.6]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert found == [(0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert risk_coverage(np.empty(0), np.empty(0)) == []
