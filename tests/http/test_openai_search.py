"""The OpenAI library, unmodified, against a running service: embeddings and vector stores."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa_service.client import Client as Service
from tests.http.conftest import Server
from tests.http.openai_library import KEY, QUESTION, articles_served, base_url

openai = pytest.importorskip("openai", reason="openai is not installed")

pytestmark = pytest.mark.http


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Server]:
    with articles_served(tmp_path_factory.mktemp("openai"), cache_dir) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    with openai.OpenAI(base_url=base_url(server), api_key=KEY, max_retries=0) as opened:
        yield opened


@pytest.fixture
def service(server: Server) -> Iterator[Service]:
    with Service(f"http://127.0.0.1:{server.port}", KEY) as opened:
        yield opened


def embedding_model(client: Any) -> str:
    """Learn the model's name as a user would: from the error that names those there are."""
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="text-embedding-3-small", input="x")
    found = re.search(r"use one of ([^\s,]+)", str(caught.value))
    assert found, str(caught.value)
    return found[1]


def test_embeddings(client: Any) -> None:
    model = embedding_model(client)
    texts = ["夜班车", "night bus", "夜班车"]
    # Without a format the library asks for base64 and decodes it.
    answer = client.embeddings.create(model=model, input=texts)
    assert [one.index for one in answer.data] == [0, 1, 2]
    vectors = np.array([one.embedding for one in answer.data])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[2])
    floats = client.embeddings.create(model=model, input=texts, encoding_format="float")
    assert np.allclose(vectors, [one.embedding for one in floats.data], atol=1e-7)
    raw = client.embeddings.with_raw_response.create(model=model, input="夜班车", encoding_format="base64")
    decoded = np.frombuffer(base64.b64decode(raw.http_response.json()["data"][0]["embedding"]), dtype="<f4")
    assert np.allclose(decoded, vectors[0], atol=1e-7)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens > 0


def test_embeddings_of_questions_and_passages(client: Any) -> None:
    model = embedding_model(client)
    given = {kind: client.embeddings.create(model=f"{model}{kind}", input="夜班车").data[0].embedding
             for kind in ("", "-passage", "-query")}  # fmt: skip
    assert given[""] == given["-passage"]
    assert len(given["-query"]) == len(given[""])


def test_embeddings_errors(client: Any) -> None:
    model = embedding_model(client)
    for wrong in ({"input": [1, 2, 3]}, {"input": [[1, 2], [3]]}, {"input": ""}, {"input": "x", "dimensions": 3}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(**{"model": model, **wrong})
        assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"):
        client.embeddings.create(model=model, input=[[1, 2], [3]])


def test_vector_store_search(client: Any, service: Service) -> None:
    page = client.vector_stores.search("default", query=QUESTION, max_num_results=2)
    found = list(page)
    expected = service.ask(QUESTION, top_k=2).passages
    assert [(one.file_id, one.score) for one in found] == [(one.article_id, one.score) for one in expected]
    clinic = next(one for one in found if one.file_id == "clinic")
    assert clinic.filename
    assert (clinic.attributes["topic"], clinic.attributes["beds"]) == ("health", 12)
    assert [part.text for part in clinic.content] == [one.text for one in expected if one.article_id == "clinic"]
    assert page.search_query == [QUESTION]
    assert page.has_more is False


def test_vector_store_search_with_options(client: Any) -> None:
    health = {"type": "and", "filters": [{"type": "eq", "key": "topic", "value": "health"},
                                         {"type": "gte", "key": "beds", "value": 10}]}  # fmt: skip
    found = list(client.vector_stores.search("default", query=[QUESTION, "公交"], filters=health, rewrite_query=True))
    assert {one.file_id for one in found} == {"clinic"}
    scores = [one.score for one in client.vector_stores.search("default", query=QUESTION)]
    assert scores[0] > scores[1]
    best = client.vector_stores.search("default", query=QUESTION, ranking_options={"score_threshold": scores[0]})
    assert [one.score for one in best] == scores[:1]


def test_vector_store_errors(client: Any) -> None:
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.search("none", query="x")
    for wrong in ({"query": ""}, {"query": "x", "max_num_results": 51}, {"query": "x", "filters": {"type": "like"}}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.vector_stores.search("default", **wrong)
        assert caught.value.type == "invalid_request_error"
