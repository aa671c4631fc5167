"""Token-budget batches and restored order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.batching import equal_length_batches, restore_order, token_budget_batches


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


@given(
    lengths=st.lists(st.sampled_from([8, 16, 64, 512]), max_size=80),
    budget=st.integers(1, 1024),
    max_items=st.integers(1, 16),
)
def test_batches_of_one_length_hold_every_text_once_within_the_limits(lengths, budget, max_items):
    batches = equal_length_batches(lengths, budget, max_items)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len({lengths[position] for position in batch}) == 1
        assert 1 <= len(batch) <= max_items
        assert len(batch) == 1 or len(batch) * lengths[batch[0]] <= budget


def test_texts_of_another_length_are_a_batch_of_their_own():
    assert equal_length_batches([8, 16, 8, 16, 8], budget=16, max_items=64) == [[0, 2], [4], [1], [3]]


def test_batches_of_one_length_have_limits_too():
    with pytest.raises(ValueError, match="positive"):
        equal_length_batches([1], 0, 1)
