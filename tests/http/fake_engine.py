"""An engine in memory with the face of the real one: for what HTTP does at its edges, without a model."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

from flask import Flask

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.errors import NotFound, Unavailable
from qa_service.http import create_app
from qa_service.names import check_collection
from qa_service.question import check_history, check_question
from qa_service.types import (
    Answer,
    ArticleDetail,
    ArticlePage,
    ArticleSummary,
    Ask,
    CollectionInfo,
    Copy,
    Job,
    Outcome,
    RankedPassage,
    Readiness,
    Result,
    Span,
    StoredPassage,
    Submission,
)
from qa_service.vitals import Vitals

MADE_AT = "2024-05-31T08:00:00+00:00"


class FakeEngine:
    """Every article is one passage of one sentence; the first article that shares a character answers."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Ask, Result], None]] = []
        self.reset()

    def on_answer(self, listener: Callable[[Ask, Result], None]) -> None:
        self.listeners.append(listener)

    def vitals(self) -> Vitals:
        self._fail()
        return self.seen

    def reset(self) -> None:
        """Forget everything, for the next test over the same application."""
        self.settings = SimpleNamespace(max_question_chars=4000)
        self.encoder = ToyEncoder(dim=8)
        self.stored: dict[str, dict[str, Submission]] = {"default": {}}
        self.jobs: dict[str, Job] = {}
        self.asked: list[Ask] = []
        self.submitted: list[Submission] = []
        self.failure: Exception | None = None
        self.score = 0.75
        self.state = Readiness(True, "ready", ("a warning",))
        self.seen = Vitals()
        self.timings = {"total": 1.5}
        self.working = False
        self.closed = False

    def ask(self, ask: Ask) -> Result:
        check_question(ask.question, self.settings.max_question_chars)
        check_history(ask.history)
        self._fail()
        self.asked.append(ask)
        found = self._collection(ask.collection)
        hits = [a for a in found.values() if set(_text(a)) & set(ask.question)][: ask.top_k]
        passages = tuple(
            replace(_passage(rank, article), score=self.score) for rank, article in enumerate(hits, start=1)
        )
        confidence = passages[0].score if passages else 0.0
        answerable = confidence >= (0.5 if ask.min_confidence is None else ask.min_confidence)
        answer = _answer(passages[0]) if passages and answerable else None
        explain = {"coverage": 1.0} if ask.explain else None
        result = Result(ask.question, answerable, confidence, answer, passages, self.timings, "g1", explain)
        for listener in self.listeners:
            listener(ask, result)
        return result

    def rerank(self, question: str, documents: Sequence[str]) -> list[tuple[int, float]]:
        check_question(question, self.settings.max_question_chars)
        self._fail()
        shared = [len(set(document) & set(question)) for document in documents]
        order = sorted(range(len(documents)), key=lambda place: -shared[place])
        return [(place, shared[place] / (shared[place] + 1)) for place in order]

    def ingest(self, submissions: Iterable[Submission], collection: str = "default") -> Iterator[Outcome]:
        check_collection(collection)
        self._fail()
        into = self.stored.setdefault(collection, {})
        for given in submissions:
            self.submitted.append(given)
            submission = replace(given, id=given.id or hashlib.sha256(given.content).hexdigest())
            if not given.content.strip():
                yield Outcome(str(submission.id), "rejected", "the article is empty")
                continue
            before = into.get(str(submission.id))
            status = "unchanged" if before == submission else "updated" if before else "created"
            into[str(submission.id)] = submission
            yield Outcome(str(submission.id), status, None, 1)

    def delete_article(self, collection: str, article_id: str) -> None:
        self.article(collection, article_id)
        del self.stored[collection][article_id]

    def articles(self, collection: str, limit: int = 50, cursor: str | None = None) -> ArticlePage:
        ids = sorted(i for i in self._collection(collection) if cursor is None or i > cursor)
        page = tuple(_summary(self.stored[collection][i]) for i in ids[:limit])
        return ArticlePage(page, ids[limit - 1] if len(ids) > limit else None)

    def article(self, collection: str, article_id: str) -> ArticleDetail:
        found = self._collection(collection).get(article_id)
        if found is None:
            raise NotFound("there is no such article", field="id")
        text = _text(found)
        span = Span(0, len(text))
        return ArticleDetail(_summary(found), text, (StoredPassage(f"p-{article_id}", 0, len(text), (span,)),))

    def collections(self) -> list[CollectionInfo]:
        self._fail()
        return [CollectionInfo(name, len(a), len(a), "g1", MADE_AT) for name, a in sorted(self.stored.items())]

    def create_collection(self, name: str) -> bool:
        check_collection(name)
        if name in self.stored:
            return False
        self.stored[name] = {}
        return True

    def delete_collection(self, name: str) -> None:
        self._collection(name)
        del self.stored[name]

    def submit(self, submissions: Sequence[Submission], collection: str) -> Job:
        outcomes = tuple(self.ingest(submissions, collection))
        job = Job("job-1", collection, "done", len(outcomes), len(outcomes), outcomes, None, MADE_AT, MADE_AT)
        self.jobs[job.id] = job
        return job

    def job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound("there is no such job", field="id")
        return self.jobs[job_id]

    def readiness(self) -> Readiness:
        return self.state

    def start_workers(self) -> None:
        self.working = True

    def close(self) -> None:
        self.closed = True

    def _collection(self, name: str) -> dict[str, Submission]:
        if check_collection(name) not in self.stored:
            raise NotFound(f"there is no collection {name!r}", field="collection", remedy="make it first")
        return self.stored[name]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@cache
def shared_application() -> tuple[Flask, FakeEngine]:
    """Give one application over one engine: making it for each of some hundred tests takes longer than they do."""
    fake = FakeEngine()
    return create_app(Settings(), fake), fake  # type: ignore[arg-type]


def files(*given: tuple[str, bytes] | tuple[str, bytes, str]) -> dict[str, Any]:
    """Make a multipart body of (name, content[, media type]) parts."""
    parts = [(io.BytesIO(one[1]), one[0], *one[2:]) for one in given]
    return {"data": {"files": parts}, "content_type": "multipart/form-data"}


def unavailable() -> Unavailable:
    """Make the error of an engine that cannot answer now."""
    return Unavailable("the catalogue is locked", remedy="try again")


def _text(article: Submission) -> str:
    return article.content.decode("utf-8", "replace")


def _passage(rank: int, article: Submission) -> RankedPassage:
    text = _text(article)
    span = Span(0, len(text))
    return RankedPassage(
        rank=rank,
        score=0.75,
        passage_id=f"p-{article.id}",
        article_id=str(article.id),
        title=article.title,
        url=article.url,
        published_at=article.published_at,
        text=text,
        start=0,
        end=len(text),
        highlights=(span,),
        omitted=(),
        also_in=(Copy("other", None, None, 1, 2),),
        metadata=article.metadata,
    )


def _answer(passage: RankedPassage) -> Answer:
    return Answer(passage.text, passage.passage_id, passage.article_id, passage.start, passage.end)


def _summary(article: Submission) -> ArticleSummary:
    return ArticleSummary(
        id=str(article.id),
        title=article.title,
        url=article.url,
        published_at=article.published_at,
        metadata=article.metadata,
        sha256=hashlib.sha256(article.content).hexdigest(),
        content_type=article.content_type,
        encoding="utf-8",
        characters=len(_text(article)),
        passages=1,
        ingested_at=MADE_AT,
    )
