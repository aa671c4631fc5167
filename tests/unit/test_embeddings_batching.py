"""Token-budget batches, restored order, and joined calls."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.batching import JoinedCalls, restore_order, token_budget_batches


@given(
    lengths=st.lists(st.integers(0, 600), max_size=80),
    budget=st.integers(1, 1024),
    max_items=st.integers(1, 16),
)
def test_batches_hold_every_text_once_within_the_limits(lengths, budget, max_items):
    batches = token_budget_batches(lengths, budget, max_items)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= max_items
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= budget


def test_batches_are_as_few_as_the_budget_allows():
    assert token_budget_batches([10, 500, 10, 10, 500], budget=1000, max_items=64) == [[0, 2, 3], [1, 4]]
    assert token_budget_batches([7] * 10, budget=28, max_items=64) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert token_budget_batches([7] * 5, budget=1000, max_items=2) == [[0, 1], [2, 3], [4]]


def test_no_texts_make_no_batches():
    assert token_budget_batches([], 100, 10) == []


@pytest.mark.parametrize(("budget", "max_items"), [(0, 1), (1, 0), (-5, 3)])
def test_limits_must_be_positive(budget, max_items):
    with pytest.raises(ValueError, match="positive"):
        token_budget_batches([1], budget, max_items)


@given(st.lists(st.integers(0, 50), max_size=40))
def test_vectors_come_back_in_input_order(lengths):
    batches = token_budget_batches(lengths, 60, 5)
    encoded = (np.array([[position, lengths[position]] for position in batch], dtype=np.float32) for batch in batches)
    vectors = restore_order(batches, encoded, dim=2)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[position, length] for position, length in enumerate(lengths)]


def test_a_batch_without_vectors_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        restore_order([[0], [1]], [np.zeros((1, 2), np.float32)], dim=2)


class _Recorder:
    """An encoder whose first call waits until it is told to go on."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, texts):
        self.calls.append(list(texts))
        if len(self.calls) == 1:
            self.started.set()
            assert self.go_on.wait(30)
        if "bad" in texts:
            raise ValueError("bad text")
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def _run_joined(recorder, first, others):
    """Call with `first`, and with each of `others` while that call is under way; return results by text."""
    joined = JoinedCalls(recorder)
    results: dict[str, object] = {}

    def call(text):
        try:
            results[text] = joined([text]).tolist()
        except ValueError as error:
            results[text] = str(error)

    threads = [threading.Thread(target=call, args=(first,))]
    threads[0].start()
    assert recorder.started.wait(30)
    threads += [threading.Thread(target=call, args=(text,)) for text in others]
    for thread in threads[1:]:
        thread.start()
    while len(joined._waiting) < len(others):
        threading.Event().wait(0.001)
    recorder.go_on.set()
    for thread in threads:
        thread.join(30)
    return results


def test_calls_that_wait_are_encoded_together():
    recorder = _Recorder()
    results = _run_joined(recorder, "a", ["bb", "ccc", "dddd"])
    assert results == {"a": [[1.0]], "bb": [[2.0]], "ccc": [[3.0]], "dddd": [[4.0]]}
    assert recorder.calls[0] == ["a"]
    assert [sorted(call) for call in recorder.calls[1:]] == [["bb", "ccc", "dddd"]]


def test_one_bad_text_fails_only_its_own_call():
    results = _run_joined(_Recorder(), "a", ["bad", "ccc"])
    assert results == {"a": [[1.0]], "bad": "bad text", "ccc": [[3.0]]}


def test_a_call_may_hold_several_texts_or_none():
    joined = JoinedCalls(lambda texts: np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1))
    assert joined(["a", "bb"]).tolist() == [[1.0], [2.0]]
    assert joined([]).shape == (0, 1)
