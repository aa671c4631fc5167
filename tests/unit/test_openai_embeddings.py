"""Embeddings over HTTP: the vectors of the index, in both formats, and the errors that clients of OpenAI read."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from embeddings.toy import ToyEncoder
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.openai.embeddings import MAX_CHARS, MAX_TEXTS
from qa_service.retrieval.query import QueryReader
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.store import passages
from qa_service.text.tokens import Tokenizer
from tests.conftest import add
from tests.http.fake_engine import FakeEngine
from tests.http.openai_error import assert_openai_error

PATH = "/v1/embeddings"


def embed(client: FlaskClient, given: Any, **body: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"model": "toy", "input": given, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    assert set(found) == {"object", "model", "data", "usage"}
    assert found["object"] == "list"
    assert [one["index"] for one in found["data"]] == list(range(len(found["data"])))
    assert {one["object"] for one in found["data"]} == {"embedding"}
    return found


def vectors(found: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.array([one["embedding"] for one in found["data"]], dtype=np.float32)


def test_a_text_and_a_list(client: FlaskClient, fake: FakeEngine) -> None:
    texts = ["第二医院", "night bus", "第二医院"]
    many = vectors(embed(client, texts))
    np.testing.assert_array_equal(many, fake.encoder.encode_passages(texts))
    np.testing.assert_array_equal(vectors(embed(client, texts[1])), many[1:2])


def test_base64_is_little_endian_float32(client: FlaskClient, fake: FakeEngine) -> None:
    texts = ["第二医院", "night bus"]
    found = embed(client, texts, encoding_format="base64")
    raw = [base64.b64decode(one["embedding"], validate=True) for one in found["data"]]
    assert {len(one) for one in raw} == {4 * fake.encoder.description.dim}
    np.testing.assert_array_equal(
        np.array([np.frombuffer(one, dtype="<f4") for one in raw]), vectors(embed(client, texts, encoding_format=None))
    )


def test_usage_counts_the_models_tokens(client: FlaskClient, fake: FakeEngine) -> None:
    tokens = sum(fake.encoder.count_tokens(["第二医院", "night bus"]))
    assert embed(client, ["第二医院", "night bus"])["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}


class Prompted(ToyEncoder):
    """Tells questions from passages, as the default model does."""

    def encode_queries(self, texts: Any) -> Any:
        return -super().encode_queries(texts)


@pytest.mark.parametrize(("model", "sign"), [("toy", 1), ("toy-passage", 1), ("toy-query", -1)])
def test_the_models_name_chooses_the_prompt(client: FlaskClient, fake: FakeEngine, model: str, sign: int) -> None:
    fake.encoder = Prompted(dim=8)
    found = embed(client, "night bus", model=model)
    assert found["model"] == model
    np.testing.assert_array_equal(vectors(found), sign * fake.encoder.encode_passages(["night bus"]))


def test_texts_are_folded_as_for_the_search(client: FlaskClient, fake: FakeEngine, cache_dir: Any) -> None:
    traditional, simplified = "第二醫院的門診在哪裡", "第二医院的门诊在哪里"
    passages = vectors(embed(client, [f" {traditional}\n", simplified]))
    np.testing.assert_array_equal(passages[0], passages[1])
    question = QueryReader(fake.encoder, Tokenizer(cache_dir)).read(f"  {traditional} \n 几点？", Stopwatch())
    asked = vectors(embed(client, f"{simplified}  几点？", model="toy-query"))
    np.testing.assert_array_equal(asked[0], question.vector)


def test_a_passage_has_the_vector_of_the_index(engine: Engine) -> None:
    text = "第二醫院的門診在和平路。\n\n週末也開門。"
    add(engine, {"a": text})
    with engine.catalog.read() as connection:
        (candidate,) = passages.candidates(connection, [1], seq=1_000_000)
    stored = engine.segments.gather([candidate.block])
    window, first, second = text, *text.split("\n\n")
    found = vectors(embed(create_app(engine.settings, engine).test_client(), [window, first, second]))
    np.testing.assert_array_equal(found, stored)


def test_what_is_tolerated(client: FlaskClient) -> None:
    embed(client, "a", user="someone", dimensions=8, input_type="query", truncate="END", extra={"a": 1})
    embed(client, ["\n"], dimensions=None, encoding_format=None)
    assert len(embed(client, ["a"] * MAX_TEXTS)["data"]) == MAX_TEXTS


@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]], [[]], [0]])
def test_token_ids_name_the_setting_that_avoids_them(client: FlaskClient, tokens: Any) -> None:
    error = assert_openai_error(client.post(PATH, json={"model": "toy", "input": tokens}), 400, param="input")
    assert "check_embedding_ctx_length=False" in error["message"]


@pytest.mark.parametrize("model", ["text-embedding-3-small", "toy-queries", "", "qa-default", "a\0"])
def test_unknown_models(client: FlaskClient, model: str) -> None:
    answer = client.post(PATH, json={"model": model, "input": "a"})
    error = assert_openai_error(answer, 404, param="model", code="model_not_found")
    assert "toy-query" in error["message"]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no input", {"input": None}, "input"),
    ("a number", {"input": 5}, "input"),
    ("an object", {"input": {"text": "a"}}, "input"),
    ("no texts", {"input": []}, "input"),
    ("empty", {"input": ""}, "input"),
    ("one empty", {"input": ["a", "", "b"]}, "input[1]"),
    ("one a number", {"input": ["a", 5]}, "input[1]"),
    ("one null", {"input": ["a", None]}, "input[1]"),
    ("true", {"input": [True]}, "input[0]"),
    ("too many", {"input": ["a"] * (MAX_TEXTS + 1)}, "input"),
    ("too long", {"input": ["a" * MAX_CHARS, "b"]}, "input"),
    ("dimensions", {"dimensions": 4}, "dimensions"),
    ("dimensions 0", {"dimensions": 0}, "dimensions"),
    ("dimensions text", {"dimensions": "8"}, "dimensions"),
    ("format", {"encoding_format": "int8"}, "encoding_format"),
    ("model", {"model": 5}, "model"),
]


@pytest.mark.parametrize(("change", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    assert_openai_error(client.post(PATH, json={"model": "toy", "input": "a", **change}), 400, param=field)


@pytest.mark.parametrize("encoding_format", [None, "float", "base64"])
def test_openai_python(client: FlaskClient, fake: FakeEngine, encoding_format: Any) -> None:
    openai = pytest.importorskip("openai")
    httpx = pytest.importorskip("httpx")
    with httpx.Client(transport=httpx.WSGITransport(app=client.application)) as transport:
        user = openai.OpenAI(api_key="none", base_url="http://localhost/v1", http_client=transport, max_retries=0)
        chosen = {"encoding_format": encoding_format} if encoding_format else {}
        found = user.embeddings.create(model="toy", input=["第二医院", "b"], **chosen)
        given = [one.embedding for one in found.data]
        if encoding_format == "base64":
            given = [np.frombuffer(base64.b64decode(one), dtype="<f4") for one in given]
        np.testing.assert_array_equal(
            np.array(given, dtype=np.float32), fake.encoder.encode_passages(["第二医院", "b"])
        )
        with pytest.raises(openai.NotFoundError) as raised:
            user.embeddings.create(model="other", input="a")
    assert raised.value.code == "model_not_found"
