"""Heaps that threads share, unless the environment says how many there are."""

from __future__ import annotations

import ctypes

import pytest

from embeddings.memory import ARENAS, share_memory


class Library:
    """A C library that notes what is set."""

    def __init__(self) -> None:
        self.given: list[tuple[int, int]] = []

    def mallopt(self, name: int, value: int) -> int:
        self.given.append((name, value))
        return 1


@pytest.mark.parametrize("chosen", [None, "8"])
def test_threads_share_heaps_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, chosen: str | None) -> None:
    library = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    if chosen:
        monkeypatch.setenv("MALLOC_ARENA_MAX", chosen)
    share_memory()
    assert library.given == ([] if chosen else [(-8, ARENAS)])


def test_a_library_without_such_settings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_memory()
