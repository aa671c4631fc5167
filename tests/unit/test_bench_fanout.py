"""The slowest of N shards follows the known law, and hedging shortens the tail."""

from __future__ import annotations

import numpy as np
import pytest
from fanout import fan_out

SINGLE = np.random.default_rng(1).exponential(size=200_000)


@pytest.mark.parametrize("shards", [1, 4, 32])
def test_mean_of_the_slowest_exponential_is_a_harmonic_number(shards: int) -> None:
    expected = sum(1 / count for count in range(1, shards + 1))
    assert fan_out(SINGLE, shards, 50_000, None, 0).mean() == pytest.approx(expected, rel=0.02)


def test_hedging_shortens_the_tail() -> None:
    after = float(np.quantile(SINGLE, 0.95))
    plain, hedged = (fan_out(SINGLE, 16, 50_000, hedge, 0) for hedge in (None, after))
    assert np.quantile(hedged, 0.99) < np.quantile(plain, 0.99)
