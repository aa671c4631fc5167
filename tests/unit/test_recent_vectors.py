"""Vectors kept by text: what was used last stays, within the memory allowed."""

from __future__ import annotations

import numpy as np

from qa_service.recent_vectors import RecentVectors


def vector(number: int, dim: int = 100) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(dim, number, dtype=np.float32)


def test_what_was_added_is_found() -> None:
    recent = RecentVectors()
    recent.add({"a": vector(1), "b": vector(2)})
    found = recent.find(["b", "c"])
    assert set(found) == {"b"}
    assert found["b"].tolist() == vector(2).tolist()


def test_a_row_does_not_keep_its_array() -> None:
    rows = np.ones((1000, 100), dtype=np.float32)
    recent = RecentVectors()
    recent.add({"a": rows[0]})
    assert recent.find(["a"])["a"].base is None
    rows[0] = 7
    assert recent.find(["a"])["a"][0] == 1


def test_memory_is_bounded_and_the_least_used_goes_first() -> None:
    recent = RecentVectors(max_bytes=10 * 702)
    recent.add({str(number): vector(number) for number in range(10)})
    assert len(recent) == 10
    recent.find(["0"])
    recent.add({"a": vector(11), "b": vector(12)})
    assert len(recent) == 10
    assert set(recent.find(["0", "1", "2", "3", "a", "b"])) == {"0", "3", "a", "b"}


def test_none_are_kept_without_memory() -> None:
    recent = RecentVectors(max_bytes=0)
    recent.add({"a": vector(1)})
    assert recent.find(["a"]) == {}
