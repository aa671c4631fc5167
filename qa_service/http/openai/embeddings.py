"""Embeddings by the index's own model: `POST /v1/embeddings`."""

from __future__ import annotations

import base64

import numpy as np
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from qa_service.errors import BadInput
from qa_service.http.document import OPENAI, openai_errors
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.openai.schemas import EmbeddingsRequest, EmbeddingsResponse
from qa_service.http.openai.texts import check_chars, read_texts
from qa_service.http.serialize import json_response
from qa_service.long_work import encode_in_steps
from qa_service.retrieval.query import as_encoded
from qa_service.text.fold import encoder_fold

MAX_TEXTS = 2048
MAX_CHARS = 1_000_000
"""Of all texts together: what takes a processor some minutes."""


def make_api() -> APIBlueprint:
    """Make the blueprint of the route."""
    api = APIBlueprint("embeddings", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    api.post(
        "/embeddings",
        tags=[OPENAI],
        operation_id="createEmbeddings",
        summary="Embed texts",
        description="Vectors of unit length by the model that searches. Texts are folded as for the index (traditional"
        " to simplified Chinese), so that a passage of a clean article has the vector that the index has of it; an"
        " article's repairs are not applied.",
        responses={200: EmbeddingsResponse, **openai_errors(400, 401, 404, 503)},
    )(create_embeddings)
    return api


def create_embeddings(body: EmbeddingsRequest) -> Response:
    """Embed texts as questions or as passages."""
    encoder = current_engine().encoder
    asks = _asks(body.model, encoder)
    dim = encoder.description.dim
    if body.dimensions not in (None, dim):
        raise BadInput(
            f"is {body.dimensions}, the model's vectors have {dim}", field="dimensions", remedy=f"use {dim}, or none"
        )
    texts = _texts(body.input)
    vectors = _encode(texts, encoder, asks=asks)
    shown = _base64 if body.encoding_format == "base64" else _floats
    data = [{"object": "embedding", "index": index, "embedding": shown(vector)} for index, vector in enumerate(vectors)]
    tokens = sum(encoder.count_tokens(texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_response({"object": "list", "model": body.model, "data": data, "usage": usage})


def _asks(model: str, encoder: Encoder) -> bool:
    """Tell whether a model id means questions.

    Errors:
        HttpProblem: 404 for another model than the index's.
    """
    name = encoder.description.name
    kinds = {name: False, f"{name}-passage": False, f"{name}-query": True}
    if model not in kinds:
        problem = f"there is no embedding model {model[:80]!r}"
        raise HttpProblem(404, "model-not-found", [FieldProblem("model", problem, f"use one of {', '.join(kinds)}")])
    return kinds[model]


def _texts(given: object) -> list[str]:
    first = given[0] if isinstance(given, list) and given else None
    if (isinstance(first, int) and not isinstance(first, bool)) or isinstance(first, list):
        raise BadInput(
            "holds token ids, which are those of another model",
            field="input",
            remedy="send text; with LangChain's OpenAIEmbeddings, set check_embedding_ctx_length=False",
        )
    texts = read_texts(given, "input", MAX_TEXTS)
    for place, text in enumerate(texts):
        if not text:
            field = "input" if isinstance(given, str) else f"input[{place}]"
            raise BadInput("is empty", field=field, remedy="give a text, or leave it out")
    check_chars(texts, "input", MAX_CHARS)
    return texts


def _encode(texts: list[str], encoder: Encoder, *, asks: bool) -> Vectors:
    """Encode as questions are for the search or as passages are for the index: folded, without space around them."""
    if asks:
        return encode_in_steps(encoder.encode_queries, [as_encoded(text) for text in texts])
    return encode_in_steps(encoder.encode_passages, [encoder_fold(text.strip()) for text in texts])


def _floats(vector: NDArray[np.float32]) -> list[float]:
    found: list[float] = vector.tolist()
    return found


def _base64(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
