"""Dify's external knowledge API: `POST /retrieval`. A knowledge is a collection, a record a passage of `/v1/ask`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask, Response, request
from flask_openapi3.blueprint import APIBlueprint

from qa_service.errors import NotFound
from qa_service.filters.dify import parse_metadata_condition
from qa_service.http.access import bearer_token
from qa_service.http.dify_schemas import RetrievalRequest, RetrievalResponse, RetrievalSetting
from qa_service.http.document import DIFY, dify_errors
from qa_service.http.errors import use_shape
from qa_service.http.failure import Failure, FieldProblem, HttpProblem, error_json
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.passage_metadata import beside, own_fields
from qa_service.http.renamed import renamed
from qa_service.http.schemas import MAX_TOP_K
from qa_service.http.serialize import json_response
from qa_service.names import COLLECTION
from qa_service.types import Ask, RankedPassage

PATH = "/retrieval"
DEFAULT_TOP_K = 5
TAKEN = ("score", "title", "dataset_id", "dataset_name")
"""Keys of a record's metadata that Dify overwrites."""
_CODES = {"unauthorized": 1001, "wrong-key": 1002, "insufficient-scope": 1002, "knowledge-not-found": 2001}
# A variable of a workflow, anywhere; and of a template, if it is all there is: a question may be about templates.
_PLACEHOLDER = re.compile(r"\{\{#[^{}]*#\}\}|\A\s*\{\{[^{}]*\}\}\s*\Z")


def init_app(app: Flask) -> None:
    """Give the path the protocol's shape of errors."""
    use_shape(app, [PATH], error_response)


def make_api() -> APIBlueprint:
    """Make the blueprint of the route."""
    api = APIBlueprint("dify", __name__)
    api.before_request(require_bearer)
    api.before_request(require_engine)
    api.post(
        PATH,
        tags=[DIFY],
        operation_id="difyRetrieval",
        summary="Find passages for Dify",
        description="The passages of `POST /v1/ask` with their scores, as Dify's external knowledge API has them. In"
        " Dify, the API endpoint is this service's address without a path, and the knowledge id is the collection's"
        " name. Records come whether the question counts as answerable or not: the threshold is Dify's to set.",
        responses={200: RetrievalResponse, **dify_errors(400, 403, 404, 503)},
    )(retrieval)
    return api


def require_bearer() -> None:
    """Refuse an Authorization header that is none, also where no key is asked for: its sender has made a mistake.

    Errors:
        HttpProblem: of kind `unauthorized`.
    """
    if "Authorization" in request.headers and bearer_token(request) is None:
        problem = FieldProblem("Authorization", "holds no bearer key", "send Authorization: Bearer KEY")
        raise HttpProblem(401, "unauthorized", [problem])


def retrieval(body: RetrievalRequest) -> Response:
    """Find passages."""
    _refuse_placeholders(body)
    setting = body.retrieval_setting or RetrievalSetting.model_validate({})
    if not COLLECTION.fullmatch(body.knowledge_id):
        raise _unknown(body.knowledge_id)
    ask = Ask(
        question=body.query,
        collection=body.knowledge_id,
        top_k=min(setting.top_k or DEFAULT_TOP_K, MAX_TOP_K),
        filters=parse_metadata_condition(body.metadata_condition),
    )
    try:
        with renamed(question="query"):
            result = current_engine().ask(ask)
    except NotFound:
        raise _unknown(body.knowledge_id) from None
    least = 0.0 if setting.score_threshold_enabled is False else setting.score_threshold or 0.0
    records = [_record(passage, ask.collection) for passage in result.passages if passage.score >= least]
    return json_response({"records": records})


def error_response(failure: Failure) -> Response:
    """Make the response of a failure.

    Dify takes 403, 404 and 502 alone for an endpoint that does not work, and 401 for one that does.
    """
    status = {401: 403, 413: 400, 415: 400, 422: 400, 502: 503}.get(failure.status, failure.status)
    body = error_json({"error_code": _CODES.get(failure.kind, status), "error_msg": failure.message})
    headers = {name: value for name, value in failure.headers.items() if name != "WWW-Authenticate"}
    return Response(body, status, headers, content_type="application/json")


def _record(passage: RankedPassage, collection: str) -> dict[str, object]:
    own = {
        "document_id": passage.article_id,
        "collection": collection,
        **own_fields(passage),
        "also_in": [copy.article_id for copy in passage.also_in] or None,
    }
    return {
        "content": passage.text,
        "score": passage.score,
        "title": passage.title or passage.article_id,
        "metadata": beside(passage.metadata, own, TAKEN),
    }


def _unknown(knowledge_id: str) -> HttpProblem:
    problem = FieldProblem(
        "knowledge_id",
        f"there is no knowledge {knowledge_id[:80]!r}",
        "use the name of a collection; GET /v1/collections lists them",
    )
    return HttpProblem(404, "knowledge-not-found", [problem])


def _refuse_placeholders(body: RetrievalRequest) -> None:
    """Refuse what a workflow did not fill in: it would be searched for as it stands, and nothing be found."""
    for field, value in _given(body):
        if isinstance(value, str) and _PLACEHOLDER.search(value):
            problem = f"holds a placeholder that was not filled in: {value.strip()[:80]!r}"
            remedy = "give the variable a value in the workflow that asks, or remove the condition"
            raise HttpProblem(422, "invalid-input", [FieldProblem(field, problem, remedy)])


def _given(body: RetrievalRequest) -> Iterator[tuple[str, object]]:
    """Yield what a workflow may put variables in, with its place; of other shapes than the protocol's, nothing."""
    yield "query", body.query
    condition: object = body.metadata_condition
    conditions = condition.get("conditions") if isinstance(condition, dict) else None
    for number, one in enumerate(conditions if isinstance(conditions, list) else ()):
        if not isinstance(one, dict):
            continue
        operator = one.get("comparison_operator")
        compares = not isinstance(operator, str) or operator.strip() not in ("empty", "not empty")
        for name in ("name", "value") if compares else ("name",):
            field, value = f"metadata_condition.conditions[{number}].{name}", one.get(name)
            if isinstance(value, list):
                yield from ((f"{field}[{place}]", item) for place, item in enumerate(value))
            else:
                yield field, value
