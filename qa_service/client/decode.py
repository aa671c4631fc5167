"""Makes the values of `qa_service.types` out of the service's JSON; fields that a newer service adds are ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from qa_service.asked import Judged
from qa_service.audit import Audit, Change, Omission
from qa_service.types import (
    Answer,
    ArticleDetail,
    ArticlePage,
    ArticleSummary,
    CollectionInfo,
    Copy,
    Job,
    Outcome,
    RankedPassage,
    Readiness,
    Result,
    Span,
    StoredPassage,
)

Value = TypeVar("Value")
JsonObject = Mapping[str, Any]


def result(body: JsonObject) -> Result:
    """Read what `/v1/ask` gives."""
    answer = None if body["answer"] is None else one(Answer, body["answer"])
    passages = tuple(_passage(passage) for passage in body["passages"])
    return one(Result, body, answer=answer, passages=passages)


def judged(body: JsonObject) -> Judged:
    """Read what `/v1/feedback` gives."""
    return one(Judged, body)


def outcomes(body: JsonObject) -> tuple[Outcome, ...]:
    """Read the `articles` of an ingest's answer or of a job."""
    return every(Outcome, body["articles"])


def job(body: JsonObject) -> Job:
    """Read what `/v1/jobs/{id}` gives."""
    return one(Job, body["job"], outcomes=outcomes(body["job"]))


def article_page(body: JsonObject) -> ArticlePage:
    """Read what `/v1/articles` gives."""
    return ArticlePage(every(ArticleSummary, body["articles"]), body["next_cursor"])


def article(body: JsonObject) -> ArticleDetail:
    """Read what `/v1/articles/{id}` gives. It tells the repairs in the audit; `edits` stays empty."""
    passages = tuple(
        one(
            StoredPassage,
            passage,
            sentences=every(Span, passage["sentences"]),
            omitted=every(Span, passage["omitted"]),
        )
        for passage in body["passages"]
    )
    given = body["audit"]
    audit = Audit(tuple(given["notes"]), every(Change, given["changes"]), every(Omission, given["omitted"]))
    summary = one(ArticleSummary, body, passages=len(passages))
    return ArticleDetail(summary, body["text"], passages, audit=audit)


def collections(body: JsonObject) -> list[CollectionInfo]:
    """Read what `/v1/collections` gives."""
    return list(every(CollectionInfo, body["collections"]))


def readiness(body: JsonObject) -> Readiness:
    """Read what `/readyz` gives."""
    return one(Readiness, body, warnings=tuple(body.get("warnings", ())))


def one(cls: type[Value], data: JsonObject, **made: object) -> Value:
    """Make a dataclass of the JSON fields of the same names.

    Parameters:
        cls: the dataclass.
        data: a JSON object.
        made: fields that are made already; they count before those of `data`.

    Errors:
        KeyError: a field without a default is missing.
    """
    values: dict[str, object] = {}
    for field in fields(cls):  # type: ignore[arg-type]
        if field.name in made:
            values[field.name] = made[field.name]
        elif field.name in data or (field.default is MISSING and field.default_factory is MISSING):
            values[field.name] = data[field.name]
    return cls(**values)


def every(cls: type[Value], data: Iterable[JsonObject]) -> tuple[Value, ...]:
    """Make a dataclass of each JSON object; see `one`."""
    return tuple(one(cls, item) for item in data)


def _passage(body: JsonObject) -> RankedPassage:
    return one(
        RankedPassage,
        body,
        highlights=every(Span, body["highlights"]),
        omitted=every(Span, body["omitted"]),
        also_in=every(Copy, body["also_in"]),
    )
