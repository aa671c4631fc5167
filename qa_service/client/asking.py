"""Writes a question with its options as a request body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from qa_service.client.errors import InvalidRequest
from qa_service.types import Freshness, TextForm, Turn

Filters = Mapping[str, object]
"""A filter as `POST /v1/ask` takes it: `{"type": "eq", "key": "topic", "value": "health"}`, or several joined."""
History = Sequence[Turn | Mapping[str, str]]
"""What was said before, the oldest first: turns, or `{"role": ..., "content": ...}`."""


def question_body(
    question: str,
    *,
    collection: str,
    top_k: int,
    filters: Filters | None,
    history: History,
    min_confidence: float | None,
    text_form: TextForm | None,
    freshness: Freshness | None,
    **more: object,
) -> bytes:
    """Give the body of `POST /v1/ask` or `/v1/explain`; what is None is left to the service.

    Errors:
        InvalidRequest: something in it cannot be written as JSON.
    """
    return json_body(
        question=question,
        collection=collection,
        top_k=top_k,
        filters=filters,
        history=[asdict(turn) if isinstance(turn, Turn) else turn for turn in history] or None,
        min_confidence=min_confidence,
        text_form=text_form,
        freshness=asdict(freshness) if freshness else None,
        **more,
    )


def json_body(**given: object) -> bytes:
    """Write a body of what is given; what is None is left to the service.

    Errors:
        InvalidRequest: something in it cannot be written as JSON.
    """
    body = {name: value for name, value in given.items() if value is not None}
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (RecursionError, TypeError, ValueError) as error:
        problem = f"the question or an option is no JSON: {error}"
        raise InvalidRequest(problem, remedy="use texts and numbers") from None
