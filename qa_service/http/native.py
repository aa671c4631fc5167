"""The native API but for articles: questions, jobs, collections."""

from __future__ import annotations

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from qa_service.explanation import Target, explanation_to_dict
from qa_service.filters.parsing import parse_filter
from qa_service.http.document import ARTICLES, ASK, COLLECTIONS, problems
from qa_service.http.explain_schemas import ExplainRequest, ExplainResponse
from qa_service.http.host import current_engine
from qa_service.http.responses import AskResponse, CollectionResponse, CollectionsResponse, JobResponse
from qa_service.http.schemas import AskRequest, CollectionPath, JobPath, QuestionRequest
from qa_service.http.serialize import collection_to_dict, job_to_dict, json_response
from qa_service.rendering import result_to_dict
from qa_service.types import Ask, Freshness, Turn


def make_api() -> APIBlueprint:
    """Make the blueprint of these routes."""
    api = APIBlueprint("native", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    api.post(
        "/ask",
        tags=[ASK],
        operation_id="ask",
        summary="Ask a question",
        description="Ranked passages, and the sentence that answers when the confidence suffices.",
        responses={200: AskResponse, **problems(400, 404, 413, 415, 422, 503)},
    )(ask)
    api.post(
        "/explain",
        tags=[ASK],
        operation_id="explain",
        summary="Explain a result, or why it is none",
        description="For a question and an article or a passage: rank and score at every stage, and where it fell out.",
        responses={200: ExplainResponse, **problems(400, 404, 413, 415, 422, 503)},
    )(explain)
    api.get(
        "/jobs/<job_id>",
        tags=[ARTICLES],
        operation_id="getJob",
        summary="Follow a background job",
        description="The progress of `POST /v1/articles?async=true`.",
        responses={200: JobResponse, **problems(404, 503)},
    )(get_job)
    _add_collections(api)
    return api


def _add_collections(api: APIBlueprint) -> None:
    api.get(
        "/collections",
        tags=[COLLECTIONS],
        operation_id="listCollections",
        summary="List collections",
        description="Every collection with its size.",
        responses={200: CollectionsResponse, **problems(503)},
    )(list_collections)
    api.put(
        "/collections/<name>",
        tags=[COLLECTIONS],
        operation_id="putCollection",
        summary="Make a collection",
        description="Makes an empty collection; one that exists stays as it is.",
        responses={200: CollectionResponse, 201: CollectionResponse, **problems(422, 503)},
    )(put_collection)
    api.delete(
        "/collections/<name>",
        tags=[COLLECTIONS],
        operation_id="deleteCollection",
        summary="Delete a collection",
        description="Deletes it with all its articles. `default` comes back empty.",
        responses={204: None, **problems(404, 422, 503)},
    )(delete_collection)


def require_engine() -> None:
    """Refuse the request with 503 while there is no engine, before anything else is looked at."""
    current_engine()


def ask(body: AskRequest) -> Response:
    """Answer a question."""
    return json_response(result_to_dict(current_engine().ask(_question(body, explain=body.explain))))


def explain(body: ExplainRequest) -> Response:
    """Tell why an article or a passage is among the results of a question or is not."""
    asked, target = _question(body), Target(body.article_id, body.passage_id)
    return json_response(explanation_to_dict(current_engine().explain(asked, target)))


def _question(body: QuestionRequest, *, explain: bool = False) -> Ask:
    fresh = body.freshness
    return Ask(
        question=body.question,
        collection=body.collection,
        top_k=body.top_k,
        min_confidence=body.min_confidence,
        text_form=body.text_form,
        explain=explain,
        filters=None if body.filters is None else parse_filter(body.filters),
        freshness=None if fresh is None else Freshness(fresh.half_life_days, fresh.weight),
        history=tuple(Turn(turn.role, turn.content) for turn in body.history or ()),
    )


def get_job(path: JobPath) -> Response:
    """Show a job's progress."""
    return json_response({"job": job_to_dict(current_engine().job(path.job_id))})


def list_collections() -> Response:
    """List the collections."""
    return json_response({"collections": [collection_to_dict(one) for one in current_engine().collections()]})


def put_collection(path: CollectionPath) -> Response:
    """Make a collection unless it exists."""
    created = current_engine().create_collection(path.name)
    return json_response({"name": path.name, "created": created}, 201 if created else 200)


def delete_collection(path: CollectionPath) -> Response:
    """Delete a collection with its articles."""
    current_engine().delete_collection(path.name)
    return Response(status=204)
