"""Writes answers as JSON: explicit fields, UTF-8, no intermediate models."""

from __future__ import annotations

import json
from collections.abc import Iterable

from flask import Response

from qa_service.rendering import audit_to_dict
from qa_service.text.edits import repaired_text
from qa_service.types import ArticleDetail, ArticlePage, ArticleSummary, CollectionInfo, Job, Outcome, Span, TextForm


def json_response(body: dict[str, object], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Make a response of UTF-8 JSON."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8"), status, headers, content_type="application/json")


def outcomes_to_list(outcomes: Iterable[Outcome]) -> list[dict[str, object]]:
    """Give the `articles` of an ingest's answer or of a job."""
    return [{"id": o.id, "outcome": o.outcome, "reason": o.reason, "passages": o.passages} for o in outcomes]


def job_to_dict(job: Job) -> dict[str, object]:
    """Give the `job` of a 202 or of `GET /v1/jobs/{id}`."""
    return {
        "id": job.id,
        "collection": job.collection,
        "state": job.state,
        "total": job.total,
        "done": job.done,
        "articles": outcomes_to_list(job.outcomes),
        "error": job.error,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


def page_to_dict(collection: str, page: ArticlePage) -> dict[str, object]:
    """Give the body of `GET /v1/articles`."""
    articles = [_summary(article) for article in page.articles]
    return {"collection": collection, "articles": articles, "next_cursor": page.next_cursor}


def article_to_dict(article: ArticleDetail, form: TextForm) -> dict[str, object]:
    """Give the body of `GET /v1/articles/{id}`: the summary, the text, the passages in the original, and the audit."""
    passages = [
        {
            "passage_id": passage.passage_id,
            "start": passage.start,
            "end": passage.end,
            "sentences": [_span(sentence) for sentence in passage.sentences],
            "omitted": [_span(span) for span in passage.omitted],
        }
        for passage in article.passages
    ]
    text = repaired_text(article.text, article.edits) if form == "repaired" else article.text
    return {**_summary(article.summary), "text": text, "passages": passages, "audit": audit_to_dict(article.audit)}


def collection_to_dict(collection: CollectionInfo) -> dict[str, object]:
    """Give one entry of `GET /v1/collections`."""
    return {
        "name": collection.name,
        "articles": collection.articles,
        "passages": collection.passages,
        "generation": collection.generation,
        "created_at": collection.created_at,
    }


def _summary(article: ArticleSummary) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "published_at": article.published_at,
        "metadata": dict(article.metadata),
        "sha256": article.sha256,
        "content_type": article.content_type,
        "encoding": article.encoding,
        "characters": article.characters,
        "passages": article.passages,
        "ingested_at": article.ingested_at,
    }


def _span(span: Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end}
