"""Fusion: the formula's fixed points, and what must never happen."""

from __future__ import annotations

import numpy as np
import pytest

from qa_service.retrieval.fusion import fuse, leg_scale, lexical_weight


@pytest.mark.parametrize(("coverage", "weight"), [(0.0, 0.0), (0.5, 0.0), (0.7, 0.25), (0.9, 0.5), (1.0, 0.5)])
def test_lexical_weight_rises_with_coverage(coverage: float, weight: float) -> None:
    assert lexical_weight(coverage) == pytest.approx(weight)


def test_scale_runs_from_the_hundredth_best_to_the_best() -> None:
    scores = np.arange(150, dtype=float)
    scaled = leg_scale(scores)
    assert scaled[149] == 1.0
    assert scaled[50] == 0.0  # the 100th best
    assert scaled[:50].max() == 0.0
    assert scaled[100] == pytest.approx(50 / 99)


def test_scale_of_a_single_match_is_one_for_it_and_zero_elsewhere() -> None:
    scores = np.array([0.0, 3.0, 0.0])
    assert leg_scale(scores, scores > 0).tolist() == [0.0, 1.0, 0.0]


def test_without_matches_the_lexical_leg_adds_nothing() -> None:
    dense = np.array([1.5, 1.7, 1.6])
    order = np.argsort(-fuse(dense, np.zeros(3), np.zeros(3), coverage=0.9))
    assert order.tolist() == [1, 2, 0]


def test_a_foreign_question_is_ranked_by_the_dense_leg_alone() -> None:
    dense = np.array([1.60, 1.70, 1.50])
    misleading = np.array([9.0, 0.0, 0.0])
    assert int(np.argmax(fuse(dense, misleading, np.zeros(3), coverage=0.4))) == 1
    assert int(np.argmax(fuse(dense, misleading, np.zeros(3), coverage=0.95))) == 0


def test_equal_fused_scores_are_told_apart_by_the_dense_leg() -> None:
    dense = np.array([0.1, 0.2] + [1.0] * 100)
    fused = fuse(dense, np.zeros(102), np.zeros(102), coverage=0.0)
    assert fused[1] > fused[0]


def test_a_shared_name_decides_between_equals_in_any_language() -> None:
    dense = np.array([1.6, 1.6, 1.2])
    fused = fuse(dense, np.zeros(3), np.array([0.0, 0.2, 0.0]), coverage=0.2)
    assert int(np.argmax(fused)) == 1
