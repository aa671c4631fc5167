"""No question is encoded twice while its vector is kept, nor by two callers at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.encoder import Encoder, Vectors
from embeddings.question_cache import CachingEncoder
from embeddings.toy import ToyEncoder

LONG = 30.0


class Noting(ToyEncoder):
    """The toy encoder, which notes the questions it is given and fails for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        self.started.set()
        assert self.go_on.wait(LONG)
        if "bad" in texts:
            raise ValueError("bad text")
        return super().encode_queries(texts)


@pytest.fixture
def inner() -> Noting:
    return Noting()


def test_it_is_an_encoder_like_the_one_inside(inner: Noting) -> None:
    caching: Encoder = CachingEncoder(inner, 4)
    assert isinstance(caching, Encoder)
    assert (caching.description, caching.fingerprint) == (inner.description, inner.fingerprint)
    assert caching.count_tokens(["山高"]) == inner.count_tokens(["山高"])
    assert np.array_equal(caching.encode_passages(["山高"]), inner.encode_passages(["山高"]))
    assert not inner.asked


def test_a_question_is_encoded_once(inner: Noting) -> None:
    caching = CachingEncoder(inner, 4)
    first = caching.encode_queries(["山有多高？"])
    again = caching.encode_queries(["山有多高？", "山有多高？"])
    assert inner.asked == [["山有多高？"]]
    assert np.array_equal(again, np.concatenate([first, first]))
    assert np.array_equal(first, ToyEncoder().encode_queries(["山有多高？"]))
    assert caching.cache_counts() == (1, 1)


def test_only_what_is_encoded_decides(inner: Noting) -> None:
    caching = CachingEncoder(inner, 4)
    for text in ("a", "A", "a ", " a"):
        caching.encode_queries([text])
    assert inner.asked == [["a"], ["A"], ["a "], [" a"]]


def test_only_unknown_ones_are_encoded_and_the_order_is_kept(inner: Noting) -> None:
    caching = CachingEncoder(inner, 4)
    caching.encode_queries(["b"])
    found = caching.encode_queries(["a", "b", "c", "a"])
    assert inner.asked == [["b"], ["a", "c"]]
    assert np.array_equal(found, ToyEncoder().encode_queries(["a", "b", "c", "a"]))


def test_the_one_used_longest_ago_is_forgotten(inner: Noting) -> None:
    caching = CachingEncoder(inner, 2)
    for text in ("a", "b", "a", "c", "a", "b"):
        caching.encode_queries([text])
    assert inner.asked == [["a"], ["b"], ["c"], ["b"]]


def test_nothing_is_kept_when_off(inner: Noting) -> None:
    caching = CachingEncoder(inner, 0)
    for _ in range(2):
        assert np.array_equal(caching.encode_queries(["a"]), ToyEncoder().encode_queries(["a"]))
    assert inner.asked == [["a"], ["a"]]


def test_many_at_once_are_not_kept(inner: Noting) -> None:
    caching = CachingEncoder(inner, 100)
    many = [str(number) for number in range(20)]
    assert np.array_equal(caching.encode_queries(many), ToyEncoder().encode_queries(many))
    caching.encode_queries(["3"])
    assert inner.asked == [many, ["3"]]
    assert caching.encode_queries([]).shape[0] == 0


def test_a_caller_cannot_change_what_is_kept(inner: Noting) -> None:
    caching = CachingEncoder(inner, 4)
    for _ in range(2):
        caching.encode_queries(["a"])[:] = 0
    assert np.array_equal(caching.encode_queries(["a"]), ToyEncoder().encode_queries(["a"]))


def asked_at_once(
    caching: CachingEncoder, inner: Noting, first: str, others: Sequence[str]
) -> dict[int, Vectors | str]:
    """Ask something, and more while that is being encoded."""
    results: dict[int, Vectors | str] = {}

    def ask(number: int, text: str) -> None:
        try:
            results[number] = caching.encode_queries([text])
        except ValueError as error:
            results[number] = str(error)

    inner.go_on.clear()
    threads = [threading.Thread(target=ask, args=(0, first))]
    threads[0].start()
    assert inner.started.wait(LONG)
    threads += [threading.Thread(target=ask, args=(number, text)) for number, text in enumerate(others, start=1)]
    for thread in threads[1:]:
        thread.start()
    while sum(caching.cache_counts()) < len(threads):
        threading.Event().wait(0.001)
    inner.go_on.set()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    return results


def test_equal_questions_that_arrive_together_are_encoded_once(inner: Noting) -> None:
    results = asked_at_once(CachingEncoder(inner, 4), inner, "a", ["a", "a", "a"])
    assert inner.asked == [["a"]]
    expected = ToyEncoder().encode_queries(["a"])
    assert len(results) == 4
    assert all(not isinstance(one, str) and np.array_equal(one, expected) for one in results.values())


def test_what_fails_is_not_kept_and_fails_only_who_asked_it(inner: Noting) -> None:
    caching = CachingEncoder(inner, 4)
    results = asked_at_once(caching, inner, "bad", ["bad", "a"])
    assert results[0] == results[1] == "bad text"
    found = results[2]
    assert not isinstance(found, str)
    assert np.array_equal(found, ToyEncoder().encode_queries(["a"]))
    with pytest.raises(ValueError, match="bad text"):
        caching.encode_queries(["a", "bad"])
    assert ["bad"] in inner.asked[1:]


def test_nothing_of_a_question_is_kept() -> None:
    encoder = CachingEncoder(ToyEncoder(), 10)
    encoder.encode_queries(["谁的护照过期了？"])
    assert "护照" not in repr(encoder._known)
    assert encoder.cache_counts() == (0, 1)
    encoder.encode_queries(["谁的护照过期了？"])
    assert encoder.cache_counts() == (1, 1)
