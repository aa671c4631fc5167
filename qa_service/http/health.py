"""Whether the process runs, whether it can answer, and the document of the API."""

from __future__ import annotations

import hmac

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from qa_service.http.access import bearer_token
from qa_service.http.document import SERVICE, problems
from qa_service.http.errors import RETRY_SECONDS, error_response
from qa_service.http.failure import Failure, FieldProblem
from qa_service.http.host import LoadFailed, current_engine, current_host
from qa_service.http.responses import HealthResponse, ReadinessResponse
from qa_service.http.serialize import json_response

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
        description="200 when ready; 503 while loading, or with the reason why loading failed. `warnings`"
        " tell what is wrong though questions can be answered; with a key set, only who brings it sees them.",
        responses={200: ReadinessResponse, **problems(503)},
    )(readiness)
    return api


def health() -> Response:
    """Say that the process runs."""
    return json_response({"status": "ok"})


def readiness() -> Response:
    """Say whether questions can be answered; an engine that is not there yet answers for itself with 503."""
    detailed = may_see_details()
    try:
        state = current_engine().readiness()
    except LoadFailed:
        if detailed:
            raise
        raise LoadFailed("the service could not start", remedy="see the server's log") from None
    if not state.ready:
        problem = FieldProblem(None, state.status if detailed else _NOT_READY)
        return error_response(Failure(503, "unavailable", (problem,), {"Retry-After": RETRY_SECONDS}))
    told: dict[str, object] = {"ready": True, "status": state.status}
    if detailed:
        told |= {"warnings": list(state.warnings), "checks": dict(state.checks)}
    return json_response(told)


def may_see_details() -> bool:
    """Tell whether who asks may know what is wrong, which names collections and paths: who could ask anything else."""
    key = current_host().settings.api_key
    if key is None:
        return True
    token = bearer_token(request)
    return token is not None and hmac.compare_digest(token.encode("ascii"), key.get_secret_value().encode("ascii"))
