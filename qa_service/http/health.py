"""Whether the process runs, whether it can answer, and the document of the API."""

from __future__ import annotations

from flask import Response, current_app
from flask_openapi3.blueprint import APIBlueprint

from qa_service.http.access import EXTENSION
from qa_service.http.caller import current_caller
from qa_service.http.document import SERVICE, problems
from qa_service.http.errors import RETRY_SECONDS, error_response
from qa_service.http.failure import Failure, FieldProblem
from qa_service.http.host import current_engine, current_host
from qa_service.http.responses import HealthResponse, ReadinessResponse
from qa_service.http.serialize import json_response
from qa_service.http.stopping import current_stop, stopping

_NOT_READY = "questions cannot be answered now"


def make_api() -> APIBlueprint:
    """Make the blueprint of these routes."""
    api = APIBlueprint("health", __name__, abp_tags=[SERVICE])
    api.get(
        "/healthz",
        operation_id="health",
        summary="Is the process alive?",
        description="Answers 200 as soon as the server runs, also while it loads.",
        responses={200: HealthResponse},
    )(health)
    api.get(
        "/readyz",
        operation_id="readiness",
        summary="Can questions be answered?",
        description="200 when ready; 503 while loading, or when loading failed. Where the service has keys, only"
        " those of administrators are told warnings, checks and reasons.",
        responses={200: ReadinessResponse, **problems(503)},
    )(readiness)
    return api


def health() -> Response:
    """Say that the process runs."""
    return json_response({"status": "ok"})


def readiness() -> Response:
    """Say whether questions can be answered; an engine that is not there yet answers for itself with 503."""
    if current_stop().begun.is_set():
        return error_response(stopping())
    detailed = may_see_details()
    state = current_engine().readiness()
    if not state.ready:
        problem = FieldProblem(None, state.status if detailed else _NOT_READY)
        return error_response(Failure(503, "unavailable", (problem,), {"Retry-After": RETRY_SECONDS}))
    told: dict[str, object] = {"ready": True, "status": state.status}
    if detailed:
        warnings = [*state.warnings, *current_host().warnings(), *current_app.extensions[EXTENSION].warnings()]
        told |= {"warnings": warnings, "checks": dict(state.checks)}
    return json_response(told)


def may_see_details() -> bool:
    """Tell whether who asks may know what is wrong, which names collections and folders."""
    return current_caller().operator
