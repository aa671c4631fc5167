"""The slowest of N shards and the wait in a queue follow the known laws."""

from __future__ import annotations

import numpy as np
import pytest
from fanout import fan_out, queued, under_load
from fanout_served import measured

SINGLE = np.random.default_rng(1).exponential(size=200_000)


@pytest.mark.parametrize("shards", [1, 4, 32])
def test_mean_of_the_slowest_exponential_is_a_harmonic_number(shards: int) -> None:
    expected = sum(1 / count for count in range(1, shards + 1))
    assert fan_out(SINGLE, shards, 50_000, None, 0).mean() == pytest.approx(expected, rel=0.02)


def test_hedging_shortens_the_tail() -> None:
    after = float(np.quantile(SINGLE, 0.95))
    plain, hedged = (fan_out(SINGLE, 16, 50_000, hedge, 0) for hedge in (None, after))
    assert np.quantile(hedged, 0.99) < np.quantile(plain, 0.99)


def test_shards_that_share_all_noise_are_as_fast_as_one() -> None:
    assert fan_out(SINGLE, 32, 50_000, None, 0, shared=1.0).mean() == pytest.approx(1, rel=0.02)


def test_without_the_slowest_the_mean_is_that_of_the_second() -> None:
    expected = sum(1 / count for count in range(2, 9))
    assert fan_out(SINGLE, 8, 50_000, None, 0, left_out=1).mean() == pytest.approx(expected, rel=0.02)


def test_time_in_a_queue_of_random_arrivals_and_services() -> None:
    # M/M/1: 1 / (1 - load) in units of the mean service.
    assert under_load(SINGLE, 1, 1, 0.5, 200_000, 0).mean() == pytest.approx(2, rel=0.05)


def test_time_with_constant_services() -> None:
    # M/D/1: 1 + load / (2 (1 - load)).
    assert under_load(np.ones(1), 1, 1, 0.6, 200_000, 0).mean() == pytest.approx(1.75, rel=0.05)


def test_requests_go_to_the_first_free_replica() -> None:
    assert queued(np.array([5.0, 1, 1]), np.array([0.0, 0, 0]), 2).tolist() == [5, 1, 2]


def test_a_real_fan_out_waits_for_the_slowest() -> None:
    # Never sooner than the timers; how much later is the machine's affair.
    assert measured(np.array([5.0]), 2, 3).min() >= 5
