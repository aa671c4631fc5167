"""Reranking as clients of Cohere and Jina ask for it: `POST /v1/rerank`."""

from __future__ import annotations

import math

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint

from qa_service.errors import BadInput
from qa_service.http.document import OPENAI, openai_errors
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.openai.schemas import RerankRequest, RerankResponse
from qa_service.http.openai.texts import check_chars
from qa_service.http.renamed import renamed
from qa_service.http.serialize import json_response

MAX_DOCUMENTS = 1000
MAX_CHARS = 500_000
"""Of all documents together: what takes a processor some minutes."""
SEARCH_UNIT = 100
"""Documents that go with a question in what such services call a search unit."""


def make_api() -> APIBlueprint:
    """Make the blueprint of the route."""
    api = APIBlueprint("rerank", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    api.post(
        "/rerank",
        tags=[OPENAI],
        operation_id="rerank",
        summary="Put documents in order",
        description="Orders documents that come with the question as passages of a collection are ordered, by meaning"
        " and by words, with statistics of these documents alone; they are not kept. A configured reranker"
        " (`QA_RERANKER`) reads the first `QA_RERANK_DEPTH` passages. Scores are probabilities, but not those of"
        " `/v1/ask`, which knows the whole collection.",
        responses={200: RerankResponse, **openai_errors(400, 401, 404, 503)},
    )(rerank)
    return api


def rerank(body: RerankRequest) -> Response:
    """Put documents in order."""
    engine = current_engine()
    documents = _documents(body.documents)
    with renamed(question="query"):
        ranked = engine.rerank(body.query, documents)
    results: list[dict[str, object]] = [
        {"index": index, "relevance_score": score} for index, score in ranked[: body.top_n]
    ]
    if body.return_documents:
        for result, (index, _) in zip(results, ranked, strict=False):
            result["document"] = {"text": documents[index]}
    return json_response(
        {
            "id": g.request_id,
            "model": body.model,
            "results": results,
            "usage": {"total_tokens": sum(engine.encoder.count_tokens([body.query, *documents]))},
            "meta": {"billed_units": {"search_units": math.ceil(len(documents) / SEARCH_UNIT)}},
        }
    )


def _documents(given: object) -> list[str]:
    """Read the documents, texts or objects with one.

    Errors:
        BadInput: names the one that is wrong.
    """
    if not isinstance(given, list):
        raise BadInput("must be a list", field="documents", remedy="put the documents in [ ]")
    if not given:
        raise BadInput("is an empty list", field="documents", remedy="give at least one document")
    if len(given) > MAX_DOCUMENTS:
        problem = f"has {len(given)} documents, {MAX_DOCUMENTS} are allowed"
        raise BadInput(problem, field="documents", remedy="send several requests")
    texts = [_text(document, f"documents[{place}]") for place, document in enumerate(given)]
    check_chars(texts, "documents", MAX_CHARS)
    return texts


def _text(document: object, field: str) -> str:
    if isinstance(document, str):
        return document
    if not isinstance(document, dict):
        raise BadInput("must be a string or an object with a text", field=field, remedy="put it in double quotes")
    text = document.get("text")
    if not isinstance(text, str):
        problem = "is required" if "text" not in document else "must be a string"
        raise BadInput(problem, field=f"{field}.text", remedy="give the document's text")
    return text
