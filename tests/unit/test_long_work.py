"""Work that takes long: it is done in steps, and ends when it is not to go on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from flask.testing import FlaskClient

from embeddings.toy import ToyEncoder
from qa_service.engine import Engine
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.long_work import STEP_TEXTS, encode_in_steps, go_on, set_check
from tests.http.fake_engine import FakeEngine
from tests.http.openai_error import assert_openai_error

TEXTS = [f"第{number}路公交车" * (number % 7 + 1) for number in range(5 * STEP_TEXTS + 3)]


class GivenUp(Exception):
    """The work is not wanted any more."""


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    yield
    set_check(None)


def ending_after(steps: int, error: Exception) -> Callable[[], None]:
    asked = iter(range(steps))

    def check() -> None:
        if next(asked, None) is None:
            raise error

    return check


@pytest.mark.parametrize("count", [0, 1, STEP_TEXTS, STEP_TEXTS + 1, len(TEXTS)])
def test_texts_are_encoded_as_in_one_call_and_kept_in_order(count: int) -> None:
    encoder = ToyEncoder(dim=16)
    texts = random.Random(count).sample(TEXTS, count)
    vectors = encode_in_steps(encoder.encode_passages, texts)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, encoder.encode_passages(texts))


def test_the_company_of_a_text_does_not_depend_on_the_order() -> None:
    calls: list[list[str]] = []

    def encode(texts: object) -> object:
        calls.append(list(texts))  # type: ignore[call-overload]
        return np.zeros((len(calls[-1]), 4), dtype=np.float32)

    encode_in_steps(encode, TEXTS)  # type: ignore[arg-type]
    first = calls.copy()
    encode_in_steps(encode, TEXTS[::-1])  # type: ignore[arg-type]
    assert calls[len(first) :] == first
    lengths = [len(text) for call in first for text in call]
    assert lengths == sorted(lengths)


def test_it_ends_between_two_steps() -> None:
    encoder = ToyEncoder(dim=16)
    set_check(ending_after(2, GivenUp()))
    with pytest.raises(GivenUp):
        encode_in_steps(encoder.encode_passages, TEXTS)
    assert encoder.passage_calls == 2
    assert encoder.passages_encoded == 2 * STEP_TEXTS


def test_without_a_check_it_goes_on() -> None:
    set_check(ending_after(0, GivenUp()))
    with pytest.raises(GivenUp):
        go_on()
    set_check(None)
    go_on()


def test_reranking_ends_before_it_has_encoded_everything(engine: Engine, encoder: ToyEncoder) -> None:
    engine.rerank("几路公交车？", TEXTS)
    whole = encoder.passages_encoded
    # While documents are repaired, cut and encoded.
    for steps in (5, len(TEXTS) + 5, 2 * len(TEXTS) + 2):
        before = encoder.passages_encoded
        set_check(ending_after(steps, GivenUp()))
        with pytest.raises(GivenUp):
            engine.rerank("几路公交车？", TEXTS)
        assert encoder.passages_encoded - before < whole


@pytest.mark.parametrize("model", ["toy", "toy-query"])
def test_embedding_ends_between_two_steps(client: FlaskClient, fake: FakeEngine, model: str) -> None:
    problem = HttpProblem(503, "overloaded", [FieldProblem(None, "it took over 1 s")], {"Retry-After": "9"})
    set_check(ending_after(1, problem))
    answer = client.post("/v1/embeddings", json={"model": model, "input": TEXTS})
    assert_openai_error(answer, 503)
    assert answer.headers["Retry-After"] == "9"
    assert fake.encoder.passages_encoded + fake.encoder.queries_encoded == STEP_TEXTS
