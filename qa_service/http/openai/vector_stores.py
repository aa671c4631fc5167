"""Search as in OpenAI's vector stores: `POST /v1/vector_stores/{id}/search`. A store is a collection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from qa_service.errors import NotFound
from qa_service.filters.parsing import parse_filter
from qa_service.http.document import OPENAI, openai_errors
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.openai.schemas import VectorStorePath, VectorStoreSearchRequest, VectorStoreSearchResponse
from qa_service.http.openai.texts import read_texts
from qa_service.http.passage_metadata import beside, own_fields
from qa_service.http.renamed import renamed
from qa_service.http.serialize import json_response
from qa_service.names import COLLECTION
from qa_service.types import Ask, RankedPassage

DEFAULT_RESULTS = 10
MAX_QUERIES = 8


def make_api() -> APIBlueprint:
    """Make the blueprint of the route."""
    api = APIBlueprint("vector_stores", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    api.post(
        "/vector_stores/<store_id>/search",
        tags=[OPENAI],
        operation_id="searchVectorStore",
        summary="Search a vector store",
        description="The passages of `POST /v1/ask` with their scores, as `client.vector_stores.search` reads them.",
        responses={200: VectorStoreSearchResponse, **openai_errors(400, 401, 404, 503)},
    )(search)
    return api


def search(path: VectorStorePath, body: VectorStoreSearchRequest) -> Response:
    """Find passages for one question or for several."""
    queries = read_texts(body.query, "query", MAX_QUERIES)
    if not COLLECTION.fullmatch(path.store_id):
        raise _unknown(path.store_id)
    ask = Ask(
        question="",
        collection=path.store_id,
        top_k=body.max_num_results or DEFAULT_RESULTS,
        filters=None if body.filters is None else parse_filter(body.filters),
    )
    found = [_search(replace(ask, question=query), place, body.query) for place, query in enumerate(queries)]
    threshold = (body.ranking_options.score_threshold if body.ranking_options else None) or 0.0
    passages = [passage for passage in _merged(found)[: ask.top_k] if passage.score >= threshold]
    return json_response(
        {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": [_result(passage) for passage in passages],
            "has_more": False,
            "next_page": None,
        }
    )


def _search(ask: Ask, place: int, given: object) -> Sequence[RankedPassage]:
    field = "query" if isinstance(given, str) else f"query[{place}]"
    try:
        with renamed(question=field):
            return current_engine().ask(ask).passages
    except NotFound:
        raise _unknown(ask.collection) from None


def _merged(found: Sequence[Sequence[RankedPassage]]) -> Sequence[RankedPassage]:
    """Give each passage once, with its best score, best first; of equal scores, the first found."""
    if len(found) == 1:
        return found[0]
    best: dict[str, RankedPassage] = {}
    for passages in found:
        for passage in passages:
            known = best.get(passage.passage_id)
            if known is None or passage.score > known.score:
                best[passage.passage_id] = passage
    return sorted(best.values(), key=lambda passage: -passage.score)


def _result(passage: RankedPassage) -> dict[str, object]:
    attributes = beside(passage.metadata, own_fields(passage))
    return {
        "file_id": passage.article_id,
        "filename": passage.title or passage.article_id,
        "score": passage.score,
        "attributes": {key: _scalar(value) for key, value in attributes.items() if value is not None},
        "content": [{"type": "text", "text": passage.text}],
    }


def _scalar(value: object) -> object:
    """Write what is nested as JSON: the protocol has texts, numbers and truth values only."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list | dict) else value


def _unknown(store_id: str) -> NotFound:
    return NotFound(
        f"there is no vector store {store_id[:80]!r}",
        field="vector_store_id",
        remedy="use the name of a collection; GET /v1/collections lists them",
    )
