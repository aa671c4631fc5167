"""Huge whole numbers in filters and metadata: equal ones are found, and none can be chosen to slow a look-up."""

from __future__ import annotations

import sys

import pytest

from qa_service.filters.parsing import parse_filter
from qa_service.filters.tree import Comparison
from qa_service.filters.values import other_tokens, own_token, sought

MODULUS = sys.hash_info.modulus
HUGE = [10**30, -(10**30), 2**61 - 1, 2**61, 2**64 + 1, -(2**61), 10**400, 2**100]


@pytest.mark.parametrize("number", HUGE)
def test_equal_ones_are_equal_however_they_are_written(number: int) -> None:
    assert own_token(number) in set(sought(number))
    text = str(number)
    if len(text) <= 400:
        assert own_token(number) in set(sought(text))
        assert set(other_tokens(text)) & set(sought(number))
    assert own_token(number) not in set(sought(number + 1))


def test_a_whole_number_and_a_float_of_the_same_value_are_equal() -> None:
    assert own_token(2**100) in set(sought(2.0**100))
    assert own_token(1e30) in set(sought(int(1e30)))
    assert own_token(1e30) not in set(sought(10**30))
    assert own_token(True) not in set(sought(1))


def test_numbers_chosen_to_share_a_hash_share_none_here() -> None:
    chosen = [n * MODULUS for n in range(1, 2000)]
    assert len({hash(n) for n in chosen}) == 1
    parsed = parse_filter({"type": "in", "key": "n", "value": chosen})
    assert isinstance(parsed, Comparison)
    assert isinstance(parsed.operand, frozenset)
    assert len(parsed.operand) == 2 * len(chosen)
    # A few powers of two are floats of one hash; nothing else is alike.
    assert len({hash(token) for token in parsed.operand}) > 0.95 * len(parsed.operand)
