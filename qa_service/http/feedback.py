"""`POST /v1/feedback`: whether an answer helped, for the question log."""

from __future__ import annotations

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from qa_service.asked import Feedback
from qa_service.http.document import ASK, problems
from qa_service.http.feedback_schemas import FeedbackRequest, FeedbackResponse
from qa_service.http.host import current_engine
from qa_service.http.native import require_engine
from qa_service.http.serialize import json_response


def make_api() -> APIBlueprint:
    """Make the blueprint of the route."""
    api = APIBlueprint("feedback", __name__, url_prefix="/v1")
    api.before_request(require_engine)
    api.post(
        "/feedback",
        tags=[ASK],
        operation_id="giveFeedback",
        summary="Judge an answer",
        description="Says whether an answer, or one passage of a result, helps with the question. It is kept in the"
        " question log, durably when the answer arrives; a service without a log has nothing here (404). A judgement"
        " of the same `question_id` and passage replaces the one before.",
        responses={200: FeedbackResponse, **problems(400, 404, 413, 415, 422, 503)},
    )(give_feedback)
    return api


def give_feedback(body: FeedbackRequest) -> Response:
    """Keep a judgement."""
    kept = current_engine().feedback(
        Feedback(
            helpful=body.helpful,
            question_id=body.question_id,
            question=body.question,
            collection=body.collection,
            passage_id=body.passage_id,
            comment=body.comment,
        )
    )
    return json_response(
        {
            "question_id": kept.question_id,
            "collection": kept.collection,
            "passage_id": kept.passage_id,
            "helpful": kept.helpful,
        }
    )
