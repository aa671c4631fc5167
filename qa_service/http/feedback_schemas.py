"""What judgements of answers look like, for the document and for pydantic."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from qa_service.http import fields
from qa_service.http.responses import Out
from qa_service.http.strict_body import Body
from qa_service.question_notes import MAX_COMMENT_CHARS


class FeedbackRequest(Body):
    """Whether an answer or a passage helps with a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question_id": "5f1c0a9d3b7e4826c1d0aa97", "helpful": True},
                {
                    "question": "When does the night bus run?",
                    "collection": "default",
                    "helpful": False,
                    "comment": "It quotes last year's timetable.",
                },
            ]
        }
    )

    question_id: str | None = Field(
        None, max_length=200, description="Of the answer to a question that this service has noted."
    )
    question: fields.Question | None = Field(
        None, description="Instead of `question_id`: the question itself, for answers that came without one."
    )
    collection: fields.Collection = Field(
        "default", description="The collection that `question` was asked of; not used with `question_id`."
    )
    passage_id: str | None = Field(
        None, max_length=200, description="The result that is judged; null judges the answer as a whole."
    )
    helpful: bool = Field(description="Whether it answers the question.")
    comment: str | None = Field(
        None, max_length=MAX_COMMENT_CHARS, description="Why, in the words of who judges; for whoever reads the log."
    )


class FeedbackResponse(Out):
    """A judgement that is kept."""

    question_id: str = Field(description="Names the question; another judgement of it replaces this one.")
    collection: str
    passage_id: str | None
    helpful: bool
