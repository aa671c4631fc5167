"""The engine as a caller sees it whose key is for some collections: of the others nothing is there."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from qa_service.asked import Feedback, Judged
from qa_service.errors import NotFound
from qa_service.explanation import Explanation, Target
from qa_service.http.caller import Caller
from qa_service.library import no_job
from qa_service.types import (
    ArticleDetail,
    ArticlePage,
    Ask,
    CollectionInfo,
    Job,
    Outcome,
    Readiness,
    Result,
    Submission,
)

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from qa_service.engine import Engine

_SALT = secrets.token_bytes(16)


class ScopedEngine:
    """What requests may ask of the engine, for the collections of one caller.

    What is not here cannot be had by such a caller: a new method of the engine is closed to it until it is put here.
    """

    def __init__(self, engine: Engine, caller: Caller) -> None:
        self._engine = engine
        self._caller = caller

    @property
    def encoder(self) -> Encoder:
        """The model; it knows no articles."""
        return self._engine.encoder

    def ask(self, ask: Ask) -> Result:
        """Answer a question; see `Engine.ask`."""
        self._caller.require(ask.collection)
        result = self._engine.ask(ask)
        return replace(result, generation=_opaque(result.generation))

    def feedback(self, feedback: Feedback) -> Judged:
        """Keep a judgement of an answer; see `Engine.feedback`."""
        return self._engine.feedback(feedback, self._caller.sees)

    def explain(self, ask: Ask, target: Target) -> Explanation:
        """Explain a result; see `Engine.explain`."""
        self._caller.require(ask.collection)
        explanation = self._engine.explain(ask, target)
        return replace(explanation, generation=_opaque(explanation.generation))

    def rerank(self, question: str, documents: Sequence[str]) -> list[tuple[int, float]]:
        """Put documents in order that come with the question; see `Engine.rerank`."""
        return self._engine.rerank(question, documents)

    def ingest(self, submissions: Iterable[Submission], collection: str) -> Iterator[Outcome]:
        """Take articles in; see `Engine.ingest`."""
        self._caller.require(collection)
        return self._engine.ingest(submissions, collection)

    def delete_article(self, collection: str, article_id: str) -> None:
        """Delete an article; see `Engine.delete_article`."""
        self._caller.require(collection)
        self._engine.delete_article(collection, article_id)

    def articles(self, collection: str, limit: int = 50, cursor: str | None = None) -> ArticlePage:
        """List a page of articles; see `Engine.articles`."""
        self._caller.require(collection)
        return self._engine.articles(collection, limit, cursor)

    def article(self, collection: str, article_id: str) -> ArticleDetail:
        """Read one article; see `Engine.article`."""
        self._caller.require(collection)
        return self._engine.article(collection, article_id)

    def collections(self) -> list[CollectionInfo]:
        """List the caller's collections by name."""
        found = [one for one in self._engine.collections() if self._caller.sees(one.name)]
        return [replace(one, generation=_opaque(one.generation)) for one in found]

    def create_collection(self, name: str) -> bool:
        """Make an empty collection; see `Engine.create_collection`."""
        self._caller.require(name)
        return self._engine.create_collection(name)

    def delete_collection(self, name: str) -> None:
        """Delete a collection; see `Engine.delete_collection`."""
        self._caller.require(name)
        self._engine.delete_collection(name)

    def submit(self, submissions: Sequence[Submission], collection: str) -> Job:
        """Queue articles as a job; see `Engine.submit`."""
        self._caller.require(collection)
        return self._engine.submit(submissions, collection)

    def job(self, job_id: str) -> Job:
        """Read a job of one of the caller's collections; see `Engine.job`."""
        try:
            job = self._engine.job(job_id)
        except NotFound:
            raise no_job(job_id) from None
        if not self._caller.sees(job.collection):
            raise no_job(job_id)
        return job

    def readiness(self) -> Readiness:
        """Tell whether questions can be answered; warnings may name any collection."""
        return replace(self._engine.readiness(), warnings=())


Service: TypeAlias = "Engine | ScopedEngine"
"""What the routes ask."""


def _opaque(generation: str) -> str:
    """Rename a generation: its own name counts collections and writes. Equal ones stay equal, until a restart."""
    return hmac.digest(_SALT, generation.encode(), hashlib.sha256).hex()[:16]
