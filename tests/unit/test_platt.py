"""Platt scaling: what was put in comes out, few questions change little, and no fold knows its own questions."""

from __future__ import annotations

import numpy as np
import pytest

from qa_service.errors import BadInput
from qa_service.evaluation import platt
from qa_service.evaluation.calibration import Floats
from qa_service.evaluation.probing import Probe, clusters
from qa_service.evaluation.refitting import PRIOR, keeping, refit
from qa_service.retrieval.calibration import Adjustment


def drawn(count: int, slope: float, offset: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Draw log-odds, and labels that come true as the adjusted log-odds say."""
    chance = np.random.default_rng(seed)
    log_odds = chance.normal(-1, 4, count)
    true = 1 / (1 + np.exp(-(slope * log_odds + offset)))
    return log_odds, (chance.random(count) < true).astype(np.float64)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.5, 1.5), (2.0, -3.0), (0.25, 2.0)])
def test_a_known_slope_and_offset_are_found(slope: float, offset: float) -> None:
    found = platt.fit(*drawn(20_000, slope, offset), PRIOR)
    assert found.slope == pytest.approx(slope, rel=0.1)
    assert found.offset == pytest.approx(offset, rel=0.1, abs=0.15)


def test_the_prior_is_worth_so_many_questions() -> None:
    """Questions all of one log-odds: the fitted probability is the mean of their targets and the prior's."""
    log_odds, labels = np.full(30, 2.0), np.array([1.0] * 10 + [0.0] * 20)
    found = platt.fit(log_odds, labels, 15)
    high, low = 11 / 12, 1 / 22
    expected = (10 * high + 20 * low + 15 * Adjustment().probability(2.0)) / 45
    assert found.probability(2.0) == pytest.approx(expected, abs=1e-6)


def test_few_questions_stay_near_what_is_shipped() -> None:
    def mean_offset(count: int, prior: float) -> float:
        return float(np.mean([platt.fit(*drawn(count, 0.4, 3.0, seed), prior).offset for seed in range(30)]))

    offsets = [mean_offset(count, PRIOR) for count in (4, 40, 400, 4000)]
    assert offsets[0] < 1.0
    assert offsets == sorted(offsets)
    assert offsets[-1] == pytest.approx(3.0, rel=0.05)
    assert offsets[1] < mean_offset(40, 0.0)


@pytest.mark.parametrize("prior", [0.0, PRIOR])
@pytest.mark.parametrize(
    ("log_odds", "labels"),
    [
        ([-3.0, -2.0, 2.0, 3.0] * 5, [0, 0, 1, 1] * 5),
        ([-40.0, -39.0, -20.0, -19.0] * 5, [0, 0, 1, 1] * 5),
        ([1e-9] * 20, [0, 1] * 10),
        ([300.0, -300.0] * 10, [0, 1] * 10),
        ([0.5] * 20, [0] * 20),
    ],
    ids=["separable", "far off", "all alike", "huge and contrary", "one label"],
)
def test_hard_data_give_finite_fits(log_odds: list[float], labels: list[int], prior: float) -> None:
    found = platt.fit(np.array(log_odds), np.array(labels, dtype=np.float64), prior)
    assert np.isfinite([found.slope, found.offset]).all()


def test_without_a_prior_confidences_far_off_are_brought_back() -> None:
    log_odds, labels = drawn(4000, 1.0, 0.0)
    found = platt.fit(log_odds - 25, labels, 0)
    assert found.slope == pytest.approx(1, rel=0.1)
    assert found.offset == pytest.approx(25, rel=0.1)


def test_no_question_is_adjusted_by_a_fit_on_its_own_cluster() -> None:
    log_odds, labels = drawn(60, 0.5, 1.0)
    names = [f"a{number // 4}" for number in range(60)]
    before = platt.cross_validated(log_odds, labels, names, PRIOR)
    mine = [number for number in range(60) if names[number] == "a3"]
    labels[mine] = 1 - labels[mine]
    after = platt.cross_validated(log_odds, labels, names, PRIOR)
    assert (before[mine] == after[mine]).all()
    assert (before != after).any()


def test_folds_are_even_and_keep_clusters_whole() -> None:
    names = [f"a{number // 3}" for number in range(60)] + ["big"] * 15
    found = platt.folds(names)
    assert np.bincount(found.astype(int), minlength=platt.FOLDS).tolist() == [15] * platt.FOLDS
    assert all(len({fold for fold, name in zip(found, names, strict=True) if name == one}) == 1 for one in names)


def probes(log_odds: Floats, labels: Floats) -> list[Probe]:
    """Make as many questions asked twice as there are pairs: the second of a pair without its article."""
    return [
        Probe(f"q{n // 2}", "taken_out" if n % 2 else "answerable", frozenset({f"a{n // 4}"}), one, label > 0)
        for n, (one, label) in enumerate(zip(log_odds.tolist(), labels.tolist(), strict=True))
    ]


def overconfident(count: int = 200) -> list[Probe]:
    chance = np.random.default_rng(5)
    log_odds = np.where(np.arange(count) % 2, chance.normal(1, 2, count), chance.normal(5, 2, count))
    labels = (np.arange(count) % 2 == 0) & (chance.random(count) < 1 / (1 + np.exp(3 - log_odds)))
    return probes(log_odds, labels.astype(np.float64))


def test_a_refit_of_confidences_that_are_off_is_better() -> None:
    result = refit(overconfident(), 0.5)
    assert result.better
    assert (result.asked, result.unanswerable) == (100, 100)
    for name in ("Log loss", "ECE", "Brier", "Unanswerable answered"):
        shipped, refitted = result.shipped[name].value, result.refitted[name].value
        assert shipped is not None
        assert refitted is not None
        assert refitted < shipped
        assert result.change[name].value == pytest.approx(refitted - shipped)
    assert result.shipped["AUROC"].value == pytest.approx(result.refitted["AUROC"].value, abs=0.01)
    assert result.proposed.right_kept >= 0.95
    assert result.in_use is None
    assert refit(overconfident(), 0.5, in_force=result.adjustment).in_use is not None


def test_a_refit_of_confidences_that_fit_is_no_better_and_the_thresholds_are_those_in_force() -> None:
    """Half are right at log-odds of 0, which is what 0 says."""
    given = probes(np.zeros(80), np.array([1.0, 0.0] * 40))
    result = refit(given, 0.4)
    assert not result.better
    assert result.present.right_kept == result.present.unanswerable_answered == 1.0
    low = refit(given, 0.4, in_force=Adjustment(1.0, -1.0))
    assert low.present.right_kept == 0.0
    assert low.proposed.value == 0.26


def test_confidences_that_mislead_are_not_adjusted() -> None:
    """The higher, the wronger: a falling slope would turn the scores round against the order of passages."""
    log_odds, labels = drawn(200, -1.0, 0.0)
    result = refit(probes(log_odds, labels), 0.5, prior=0)
    assert result.adjustment.slope < 0
    assert not result.better


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(BadInput, match="19 questions can be asked"):
        refit(overconfident(38), 0.5)
    near = [Probe(p.id, p.kind, frozenset({f"a{n % 4}"}), p.log_odds, p.right) for n, p in enumerate(overconfident())]
    with pytest.raises(BadInput, match="articles that are not copies"):
        refit(near, 0.5)
    wrong = [Probe(p.id, p.kind, p.articles, p.log_odds, False) for p in overconfident()]
    with pytest.raises(BadInput, match="right for none"):
        refit(wrong, 0.5)


def test_questions_that_share_an_article_over_others_share_a_cluster() -> None:
    sets: list[set[str]] = [{"a", "b"}, {"c"}, {"b", "d"}, {"d", "e"}, {"f", "c"}, set(), set()]
    found = clusters([Probe(f"q{n}", "answerable", frozenset(one), 0, False) for n, one in enumerate(sets)])
    assert found[0] == found[2] == found[3]
    assert found[1] == found[4] != found[0]
    assert len(set(found)) == 4


def test_the_threshold_keeps_the_share_and_is_the_highest_of_its_kind() -> None:
    confidences = np.linspace(0.005, 0.995, 100)
    assert keeping(confidences, 0.95) == 0.05
    assert (confidences >= 0.05).mean() >= 0.95
    assert keeping(np.array([0.999]), 0.95) == 0.99
