"""What survives a full collection in great number is looked through no more."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from qa_service import sparing
from qa_service.sparing import TIMES, Sparing


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_many_objects_are_spared_after_a_full_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparing, "MANY", 1000)
    gc.disable()
    try:
        found = Sparing()
        tables = [[number] for number in range(2000)]
        assert not found.look()
        gc.collect()
        before = gc.get_freeze_count()
        assert found.look()
        assert gc.get_freeze_count() >= before + len(tables)
        assert not found.look()
        # Few are left to look at.
        gc.collect()
        assert not found.look()
    finally:
        gc.enable()


def test_it_is_done_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparing, "MANY", 0)
    gc.disable()
    try:
        found = Sparing()
        done = 0
        for _ in range(TIMES + 3):
            gc.collect()
            done += found.look()
        assert done == TIMES
    finally:
        gc.enable()
