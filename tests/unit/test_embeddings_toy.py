"""The toy encoder: an Encoder like any other, deterministic and light."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import Encoder
from embeddings.toy import ToyEncoder


def test_it_is_an_encoder():
    assert isinstance(ToyEncoder(), Encoder)


@given(st.lists(st.text(st.characters(codec=None), max_size=40), max_size=5))
def test_vectors_are_float32_of_unit_length(texts):
    vectors = ToyEncoder(dim=32).encode_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_questions_and_passages_share_one_space():
    encoder = ToyEncoder()
    assert np.array_equal(encoder.encode_queries(["图书馆"]), encoder.encode_passages(["图书馆"]))


def test_texts_that_share_characters_are_closest():
    encoder = ToyEncoder()
    passages = encoder.encode_passages(["社区图书馆周一闭馆。", "流感疫苗接种须知", "bus route 12 is diverted"])
    questions = encoder.encode_queries(["图书馆周几闭馆？", "疫苗在哪里接种", "Where does the bus go?"])
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_has_one_fixed_vector(text):
    assert ToyEncoder(dim=4).encode_queries([text]).tolist() == [[1, 0, 0, 0]]


def test_vectors_are_the_same_in_every_process():
    code = "from embeddings.toy import ToyEncoder; print(ToyEncoder(dim=8).encode_passages(['申请 Aid']).tolist())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{ToyEncoder(dim=8).encode_passages(['申请 Aid']).tolist()}\n"}


def test_it_counts_calls_and_texts():
    encoder = ToyEncoder()
    encoder.encode_passages(["a", "b", "c"])
    encoder.encode_passages(["d"])
    encoder.encode_queries(["e"])
    counts = (encoder.passages_encoded, encoder.passage_calls, encoder.queries_encoded, encoder.query_calls)
    assert counts == (4, 2, 1, 1)


def test_counts_survive_threads():
    encoder = ToyEncoder(dim=8)
    threads = [threading.Thread(target=lambda: [encoder.encode_passages(["a"]) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert encoder.passages_encoded == encoder.passage_calls == 1600


def test_one_string_is_not_a_list_of_texts():
    with pytest.raises(TypeError, match="sequence"):
        ToyEncoder().encode_queries("abc")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("申请补助", 4), ("申请 补助\n", 4), ("abcd", 1), ("abcde", 2), ("3月15日", 4), ("e-mail", 3)],
)
def test_token_counts(text, tokens):
    assert ToyEncoder().count_tokens([text]) == [tokens]


def test_fingerprint_tells_dimension_and_name_apart():
    fingerprints = {ToyEncoder().fingerprint, ToyEncoder(dim=8).fingerprint, ToyEncoder(name="other").fingerprint}
    assert len(fingerprints) == 3
    assert ToyEncoder().fingerprint == ToyEncoder().fingerprint


def test_light_modules_import_no_heavy_library():
    code = (
        "import sys, pathlib\n"
        "from embeddings import batching, bundled, errors, exact, index, models, runtime, sentence_transformer\n"
        "encoder = runtime.load_encoder('toy', pathlib.Path('nowhere'), 'auto')\n"
        "encoder.encode_queries(['a']), encoder.count_tokens(['a'])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'tokenizers', 'faiss', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
