"""The interpreter changes hands faster while requests are refused, and as usual otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from qa_service.http.connections.hurry import LASTING_S, SHORT_S, Hurry


@pytest.fixture(autouse=True)
def usual() -> Iterator[float]:
    usual = sys.getswitchinterval()
    yield usual
    sys.setswitchinterval(usual)


def test_it_lasts_a_while_after_the_last_refusal(usual: float) -> None:
    hurry = Hurry()
    hurry.look(0)
    assert sys.getswitchinterval() == usual
    hurry.refused(10)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S, rel=0.05)
    hurry.refused(11)
    hurry.look(11 + LASTING_S)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S, rel=0.05)
    hurry.look(11.1 + LASTING_S)
    assert sys.getswitchinterval() == usual
    hurry.refused(20)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S, rel=0.05)


def test_a_shorter_interval_is_left_alone() -> None:
    sys.setswitchinterval(SHORT_S / 5)
    Hurry().refused(0)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S / 5, rel=0.05)
