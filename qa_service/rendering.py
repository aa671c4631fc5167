"""The JSON form of results, shared by the HTTP API, the command line and everything that logs an answer."""

from __future__ import annotations

from dataclasses import asdict

from qa_service.audit import Audit
from qa_service.types import Answer, Copy, RankedPassage, Result, Span


def result_to_dict(result: Result) -> dict[str, object]:
    """Give the body of `POST /v1/ask`, in the documented order of fields.

    Parameters:
        result: what the engine answered.

    Returns:
        A JSON object; `answer` is null when there is none; `explain` is left out unless it was asked for, and
        `question_id` unless the question was noted.
    """
    body: dict[str, object] = {
        "question": result.question,
        "answerable": result.answerable,
        "confidence": result.confidence,
        "answer": _answer(result.answer) if result.answer else None,
        "passages": [_passage(passage) for passage in result.passages],
        "timings_ms": dict(result.timings_ms),
        "generation": result.generation,
    }
    if result.question_id is not None:
        body["question_id"] = result.question_id
    if result.explain is not None:
        body["explain"] = dict(result.explain)
    return body


def audit_to_dict(audit: Audit) -> dict[str, object]:
    """Give an article's audit: what was done to its text on the way in."""
    return {
        "notes": list(audit.notes),
        "changes": [asdict(change) for change in audit.changes],
        "omitted": [asdict(omission) for omission in audit.omitted],
    }


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "text": answer.text,
        "passage_id": answer.passage_id,
        "article_id": answer.article_id,
        "start": answer.start,
        "end": answer.end,
    }


def _passage(passage: RankedPassage) -> dict[str, object]:
    return {
        "rank": passage.rank,
        "score": passage.score,
        "passage_id": passage.passage_id,
        "article_id": passage.article_id,
        "title": passage.title,
        "url": passage.url,
        "published_at": passage.published_at,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "highlights": [_span(span) for span in passage.highlights],
        "omitted": [_span(span) for span in passage.omitted],
        "also_in": [_copy(copy) for copy in passage.also_in],
        "metadata": dict(passage.metadata),
    }


def _span(span: Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end}


def _copy(copy: Copy) -> dict[str, object]:
    return {
        "article_id": copy.article_id,
        "title": copy.title,
        "url": copy.url,
        "start": copy.start,
        "end": copy.end,
    }
