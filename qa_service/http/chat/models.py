"""`GET /v1/models`: a model for each collection; and which collection a model's name means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from qa_service.http.chat.responses import ModelOut, ModelsResponse
from qa_service.http.document import OPENAI, openai_errors
from qa_service.http.failure import FieldProblem, HttpProblem
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.schemas import Query
from qa_service.http.scoped import Service
from qa_service.http.serialize import json_response
from qa_service.types import CollectionInfo

PREFIX = "qa-"
EVENTS_SUFFIX = "-webui"


class ModelPath(Query):
    """A model in the path."""

    model_id: str = Field(description="`qa-<collection>`.", json_schema_extra={"example": "qa-default"})


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The collection behind a model's name, and whether the name asks for source events."""

    collection: CollectionInfo
    events: bool


def make_api() -> APIBlueprint:
    """Make the blueprint of these routes."""
    api = APIBlueprint("models", __name__, url_prefix="/v1", abp_tags=[OPENAI])
    api.before_request(require_engine)
    api.get(
        "/models",
        operation_id="listModels",
        summary="List models",
        description="One for each collection: `qa-<collection>`.",
        responses={200: ModelsResponse, **openai_errors(401, 503)},
    )(list_models)
    api.get(
        "/models/<model_id>",
        operation_id="getModel",
        summary="Show a model",
        description="Also `qa-<collection>-webui`, which names sources in the events of Open WebUI.",
        responses={200: ModelOut, **openai_errors(401, 404, 503)},
    )(get_model)
    return api


def list_models() -> Response:
    """List a model for each collection."""
    models = [_model(f"{PREFIX}{one.name}", one) for one in current_engine().collections()]
    return json_response({"object": "list", "data": models})


def get_model(path: ModelPath) -> Response:
    """Show one model."""
    return json_response(_model(path.model_id, choose_model(current_engine(), path.model_id).collection))


def choose_model(engine: Service, model: str) -> ChosenModel:
    """Tell which collection a model's name means; a collection whose own name ends in the suffix comes first.

    Errors:
        HttpProblem: 404, there is no such collection, or the name is no model's.
    """
    known = {one.name: one for one in engine.collections()}
    name = model.removeprefix(PREFIX)
    if model.startswith(PREFIX):
        if name in known:
            return ChosenModel(known[name], events=False)
        if name.endswith(EVENTS_SUFFIX) and name.removesuffix(EVENTS_SUFFIX) in known:
            return ChosenModel(known[name.removesuffix(EVENTS_SUFFIX)], events=True)
    raise no_model(model)


def no_model(model: str) -> HttpProblem:
    """Make the 404 of a model that is not there."""
    problem = FieldProblem("model", f"there is no model {model[:80]!r}", "GET /v1/models lists those there are")
    return HttpProblem(404, "model-not-found", [problem])


def _model(model: str, collection: CollectionInfo) -> dict[str, object]:
    created = int(datetime.fromisoformat(collection.created_at).timestamp())
    return {"id": model, "object": "model", "created": created, "owned_by": "qa-service", "name": model}
