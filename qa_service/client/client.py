"""The client: a method for each thing that the native API does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from qa_service.client import decode, waiting
from qa_service.client.articles import Batch, Given, batches, whole
from qa_service.client.asking import Filters, History, question_body
from qa_service.client.calling import Value, segment
from qa_service.client.decode_explanation import explanation
from qa_service.client.errors import ServiceError, Unavailable
from qa_service.client.judging import Judging
from qa_service.explanation import Explanation
from qa_service.types import (
    ArticleDetail,
    ArticleSummary,
    CollectionInfo,
    Freshness,
    Job,
    Outcome,
    Readiness,
    Result,
    TextForm,
)

_PAGE = 200


class Client(Judging):
    """A client of one service, over a pool of connections; threads may share it. Close it, or use it in `with`.

    Every method raises a `ServiceError` when the service refuses or cannot be reached.
    """

    def ask(
        self,
        question: str,
        *,
        collection: str = "default",
        top_k: int = 5,
        filters: Filters | None = None,
        history: History = (),
        min_confidence: float | None = None,
        text_form: TextForm | None = None,
        freshness: Freshness | None = None,
        explain: bool = False,
    ) -> Result:
        """Ask a question.

        Parameters:
            question: in any language.
            collection: where to look.
            top_k: how many passages to give at most, 1 to 50.
            filters: which articles count, as JSON; see `/docs` of the service.
            history: what was said before, the oldest first.
            min_confidence: 0 to 1, from where the question counts as answerable; None takes the service's setting.
            text_form: whether texts come as in the original or repaired; None takes the service's setting.
            freshness: a preference for newer articles.
            explain: whether the result tells how each passage came by its score.

        Returns:
            The passages in order of their score, and the answer if there is one.
        """
        body = question_body(
            question, collection=collection, top_k=top_k, filters=filters, history=history,
            min_confidence=min_confidence, text_form=text_form, freshness=freshness, explain=explain or None,
        )  # fmt: skip
        return self._call(decode.result, "POST", "/v1/ask", content=body)

    def explain(
        self,
        question: str,
        *,
        article_id: str | None = None,
        passage_id: str | None = None,
        collection: str = "default",
        top_k: int = 5,
        filters: Filters | None = None,
        history: History = (),
        min_confidence: float | None = None,
        text_form: TextForm | None = None,
        freshness: Freshness | None = None,
    ) -> Explanation:
        """Tell why an article or a passage, exactly one of them, is among a question's results or is not.

        The other parameters are those of `ask`.
        """
        body = question_body(
            question, collection=collection, top_k=top_k, filters=filters, history=history,
            min_confidence=min_confidence, text_form=text_form, freshness=freshness,
            article_id=article_id, passage_id=passage_id,
        )  # fmt: skip
        return self._call(explanation, "POST", "/v1/explain", content=body)

    def add(self, articles: Iterable[Given], *, collection: str = "default") -> list[Outcome]:
        """Add or replace articles and wait until they are searchable; see `ingest`."""
        return list(self.ingest(articles, collection=collection))

    def ingest(self, articles: Iterable[Given], *, collection: str = "default") -> Iterator[Outcome]:
        """Add or replace articles as the outcomes are read, in as many requests as they need.

        Parameters:
            articles: of any number, read as they are sent. Each is an object with `id`, `title`, `text` (or `html`, or
                `content_base64` with `content_type`), `url`, `published_at` and `metadata`, all but the content
                optional; a `Submission`; or a `Path`, whose name becomes the article's id.
            collection: made if there is none.

        Returns:
            An outcome for each article in the order given, durable and searchable by then. A rejected article is no
            error. Nothing is sent before the first is read.

        Errors:
            InvalidRequest: `field` names the article by its place in `articles`; those of earlier outcomes are kept.
        """
        for batch in batches(articles):
            if batch.oversized:
                yield from self._in_background(batch, collection)
            else:
                yield from self._send(decode.outcomes, batch, collection)

    def submit(self, articles: Iterable[Given], *, collection: str = "default") -> Job:
        """Hand in articles for a background job, in one request of at most 10,000 articles and 64 MB.

        Returns:
            The job, which survives restarts of the service; `wait` waits for its end.
        """
        return self._submit(whole(articles), collection)

    def job(self, job_id: str) -> Job:
        """Follow a job."""
        return self._call(decode.job, "GET", f"/v1/jobs/{segment(job_id)}")

    def wait(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """Wait until a job has ended.

        Parameters:
            job: the job or its id.
            timeout: seconds to wait at most, None without limit.

        Returns:
            The job; its `state` is `done` or `failed`.

        Errors:
            TimedOut: it still runs.
        """
        job_id = job if isinstance(job, str) else job.id
        return waiting.for_job(lambda: self.job(job_id), timeout)

    def articles(self, collection: str = "default") -> Iterator[ArticleSummary]:
        """List a collection's articles in id order, fetching them as they are read."""
        query: dict[str, str | int] = {"collection": collection, "limit": _PAGE}
        while True:
            page = self._call(decode.article_page, "GET", "/v1/articles", query=query)
            yield from page.articles
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def article(
        self, article_id: str, *, collection: str = "default", text_form: TextForm = "original"
    ) -> ArticleDetail:
        """Read an article with its text, passages and audit; `edits` is empty, the repairs are in `audit.changes`."""
        query = {"collection": collection, "text_form": text_form}
        return self._call(decode.article, "GET", _article(article_id), query=query)

    def delete_article(self, article_id: str, *, collection: str = "default") -> None:
        """Delete an article; it is in no answer from now on."""
        self._call(_nothing, "DELETE", _article(article_id), query={"collection": collection})

    def collections(self) -> list[CollectionInfo]:
        """List the collections by name."""
        return self._call(decode.collections, "GET", "/v1/collections")

    def create_collection(self, name: str) -> bool:
        """Make an empty collection; False when it is there already."""
        return self._call(lambda body: bool(body["created"]), "PUT", f"/v1/collections/{segment(name)}")

    def delete_collection(self, name: str) -> None:
        """Delete a collection with its articles."""
        self._call(_nothing, "DELETE", f"/v1/collections/{segment(name)}")

    def health(self) -> bool:
        """Say whether the service runs, be it still loading; False when it cannot be reached."""
        try:
            return self._call(lambda body: bool(body["status"] == "ok"), "GET", "/healthz")
        except Unavailable:
            return False

    def ready(self) -> Readiness:
        """Say whether questions can be answered now, and if not, why.

        Errors:
            Unreachable: there is nobody to say so.
        """
        try:
            return self._call(decode.readiness, "GET", "/readyz")
        except Unavailable as error:
            if error.status is None:
                raise
            return Readiness(False, error.detail)

    def wait_ready(self, timeout: float = 60.0) -> Readiness:
        """Wait until questions can be answered, also for a service that is not reachable yet.

        Parameters:
            timeout: seconds to wait at most.

        Errors:
            Unavailable: it did not get ready, and why; at once when the service says that it will not.
        """
        return waiting.until_ready(lambda: self._call(decode.readiness, "GET", "/readyz"), timeout)

    def _in_background(self, batch: Batch, collection: str) -> tuple[Outcome, ...]:
        job = self.wait(self._submit(batch, collection))
        if job.state == "failed":
            raise ServiceError(f"job {job.id} failed: {job.error}", remedy="see the service's log, and try again")
        return job.outcomes

    def _submit(self, batch: Batch, collection: str) -> Job:
        return self._send(decode.job, batch, collection, background="true")

    def _send(
        self, read: Callable[[decode.JsonObject], Value], batch: Batch, collection: str, background: str = "false"
    ) -> Value:
        query = {"collection": collection, "async": background}
        try:
            return self._call(read, "POST", "/v1/articles", query=query, content=batch.body)
        except ServiceError as error:
            error.field = batch.place(error.field)
            raise


def _nothing(_: decode.JsonObject) -> None:
    return None


def _article(article_id: str) -> str:
    return f"/v1/articles/{segment(article_id)}"
