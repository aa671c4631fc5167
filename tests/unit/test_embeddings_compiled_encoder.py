"""The encoder over a compiled graph: shapes, order, limits, prompts, threads; and what is known of a processor."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("openvino")

from embeddings.compiled.loading import load_compiled
from embeddings.compiled.processor import Processor, order_of_precisions, this_processor
from embeddings.compiled.validation import Validation, ValidationSet, calibration_texts, validate, validation_set
from embeddings.encoder import Encoder
from tests.unit import small_bert

TEXTS = ["a", "a b c", "图 书 馆", "", "d " * 100, *(f"{letter} e f" for letter in "ghijklmnop")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    small_bert.make_folder(folder)
    return folder


def _load(folder, *prompts):
    return load_compiled(folder, small_bert.DESCRIPTION, "fp32", *prompts, check=lambda _encoder: None)


@pytest.fixture(scope="module")
def encoder(folder):
    return _load(folder)


def test_it_is_an_encoder(encoder):
    assert isinstance(encoder, Encoder)
    assert encoder.description == small_bert.DESCRIPTION
    assert (encoder.runtime.engine, encoder.runtime.precision) == ("openvino", "fp32")
    assert encoder.runtime.threads >= 1


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts(encoder):
    for encode in (encoder.encode_queries, encoder.encode_passages):
        together = encode(TEXTS)
        assert together.dtype == np.float32
        assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
        alone = np.concatenate([encode([text]) for text in TEXTS])
        assert np.abs(together - alone).max() < 1e-4


def test_no_texts_give_no_vectors_and_one_string_is_refused(encoder):
    shape = (0, small_bert.HIDDEN)
    assert encoder.encode_queries([]).shape == encoder.encode_passages([]).shape == shape
    assert encoder.count_tokens([]) == []
    for call in (encoder.encode_queries, encoder.encode_passages, encoder.count_tokens):
        with pytest.raises(TypeError, match="sequence"):
            call("abc")


def test_a_long_text_loses_its_end_and_is_counted_whole(encoder):
    # The prompt and the two tokens around every input leave 20 of 24.
    base = "a " * 20
    vectors = encoder.encode_passages([base, f"{base} z z z", "a " * 19])
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)
    assert not np.allclose(vectors[0], vectors[2], atol=1e-3)
    assert encoder.count_tokens([f"{base} z z z"]) == [23]


def test_prompts_are_the_models_own_unless_given(folder, encoder):
    other = _load(folder, "", "query : ")
    assert np.allclose(other.encode_passages(["a"]), encoder.encode_queries(["a"]), atol=1e-5)
    assert np.allclose(other.encode_queries(["query : a"]), encoder.encode_queries(["a"]), atol=1e-5)
    assert not np.allclose(encoder.encode_passages(["a"]), encoder.encode_queries(["a"]), atol=1e-3)
    assert other.fingerprint != encoder.fingerprint


def test_many_threads_encode_and_count_at_once(encoder):
    queries = [encoder.encode_queries([text])[0] for text in TEXTS]
    passages, counts = encoder.encode_passages(TEXTS), encoder.count_tokens(TEXTS)
    failures: list[str] = []

    def work(number):
        try:
            for turn in range(number, number + 20):
                place = turn % len(TEXTS)
                if np.abs(encoder.encode_queries([TEXTS[place]])[0] - queries[place]).max() > 1e-4:
                    failures.append(f"another vector for {TEXTS[place]!r}")
                if encoder.count_tokens(TEXTS) != counts:
                    failures.append("another count")
                if np.abs(encoder.encode_passages(TEXTS) - passages).max() > 1e-4:
                    failures.append("other passages")
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_text_that_cannot_be_tokenised_fails_its_own_call_only(encoder):
    with pytest.raises((TypeError, UnicodeError)):
        encoder.encode_passages(["a", "\ud800"])
    assert encoder.encode_passages(["a", "b"]).shape == (2, small_bert.HIDDEN)


@pytest.mark.parametrize(
    ("flags", "wanted", "expected", "reason"),
    [
        ("avx512_vnni avx512_bf16", "auto", ("int8", "bf16", "fp32"), "avx512_vnni"),
        ("amx_int8 amx_bf16", "auto", ("int8", "bf16", "fp32"), "amx_int8"),
        ("avx_vnni avx2", "auto", ("int8", "bf16", "fp32"), "avx_vnni"),
        ("avx512_bf16", "auto", ("bf16", "fp32"), "avx512_bf16"),
        ("avx2 fma", "auto", ("fp32",), "no instructions"),
        ("avx2 fma", "int8", ("int8", "bf16", "fp32"), "QA_RUNTIME"),
        ("avx512_vnni", "fp32", ("fp32",), "QA_RUNTIME"),
    ],
)
def test_the_processor_decides_which_precision_is_tried_first(tmp_path, flags, wanted, expected, reason):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {flags} sse2\nprocessor\t: 1\nflags\t\t: none\n")
    order, why = order_of_precisions(wanted, this_processor(tmp_path / "cpuinfo"))
    assert order == expected
    assert reason in why


def test_a_system_that_does_not_list_flags_has_none(tmp_path):
    assert this_processor(tmp_path / "absent") == Processor(frozenset(), frozenset())
    assert this_processor(tmp_path / "absent").hint == "f32"


def test_an_encoder_agrees_with_itself(encoder):
    texts = ValidationSet(("a b", "c d", "e f"), (("a", 0), ("c", 1)))
    found = validate(encoder, encoder, texts)
    assert found.cosine == pytest.approx(1, abs=1e-5)
    assert found.ndcg == found.reference_ndcg
    assert found.problem is None


@pytest.mark.parametrize(
    ("validation", "problem"),
    [
        (Validation(0.9969, 0.9, 1, 1), "cosine"),
        (Validation(float("nan"), 0.9, 1, 1), "cosine"),
        (Validation(1, 1, 0.8979, 0.9), "nDCG"),
        (Validation(1, 1, float("nan"), 0.9), "nDCG"),
        (Validation(0.997, 0.9, 0.8981, 0.9), None),
        (Validation(1, 1, 0.95, 0.9), None),
    ],
)
def test_what_falls_short_is_named(validation, problem):
    assert (problem in validation.problem) if problem else validation.problem is None


def test_a_worse_ranking_shows():
    class Fixed:
        def __init__(self, passages):
            self.passages = np.eye(3, dtype=np.float32)[passages]

        def encode_queries(self, texts):
            return np.eye(3, dtype=np.float32)[[0]]

        def encode_passages(self, texts):
            return self.passages

    texts = ValidationSet(("x", "y", "z"), (("q", 0),))
    found = validate(Fixed([1, 0, 2]), Fixed([0, 1, 2]), texts)
    # The right passage ties with another at 0, so that it ranks third.
    assert (found.ndcg, found.reference_ndcg) == (pytest.approx(1 / 2), 1)


def test_the_packaged_texts_are_distinct_and_held_out():
    calibration, held_out = calibration_texts(), validation_set()
    assert len(calibration) >= 60
    assert len(set(calibration)) == len(calibration)
    assert not set(calibration) & set(held_out.passages)
    assert not set(calibration) & {question for question, _ in held_out.questions}
    assert {place for _, place in held_out.questions} <= set(range(len(held_out.passages)))
