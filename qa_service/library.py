"""Reading the catalogue without a model: collections, articles and jobs."""

from __future__ import annotations

from qa_service.config import Settings
from qa_service.errors import BadInput, NotFound
from qa_service.index.generation_dir import GenerationDir
from qa_service.index.lost_writes import ensure_none_lost
from qa_service.store import articles, audits, collections, jobs, passages
from qa_service.store.catalog import Catalog
from qa_service.store.opening import open_catalog
from qa_service.types import ArticleDetail, ArticlePage, CollectionInfo, Job

MAX_PAGE = 200


class Library:
    """What is stored, as the catalogue has it; opens at once, since it needs no encoder."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @classmethod
    def open(cls, settings: Settings) -> Library:
        """Open the data directory that the settings name.

        Errors:
            Damaged: the catalogue has lost writes, so that it would show what was deleted. Unavailable: it cannot be
            read.
        """
        catalog = open_catalog(settings)
        try:
            ensure_none_lost(catalog)
        except BaseException:
            catalog.close()
            raise
        return cls(catalog)

    def close(self) -> None:
        """Close the catalogue."""
        self._catalog.close()

    def collections(self) -> list[CollectionInfo]:
        """List the collections by name."""
        with self._catalog.read() as connection:
            return [
                CollectionInfo(c.name, c.articles, c.passages, self._generation(c.row), c.created_at)
                for c in collections.every(connection)
            ]

    def job(self, job_id: str) -> Job:
        """Read a job.

        Errors:
            NotFound: there is none of this id.
        """
        with self._catalog.read() as connection:
            found = jobs.find(connection, job_id)
        if found is None:
            raise no_job(job_id)
        return found

    def articles(self, collection: str, limit: int = 50, cursor: str | None = None) -> ArticlePage:
        """List a page of articles in id order; `cursor` is the `next_cursor` of the page before.

        Errors:
            NotFound: no such collection. BadInput: the limit is out of range.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise BadInput(f"{limit} is out of range", field="limit", remedy=f"use 1 to {MAX_PAGE}")
        with self._catalog.read() as connection:
            found = collections.get(connection, collection)
            rows = articles.page(connection, found.row, cursor, limit + 1)
        page = tuple(rows[:limit])
        return ArticlePage(page, page[-1].id if len(rows) > limit else None)

    def article(self, collection: str, article_id: str) -> ArticleDetail:
        """Read an article with its original text, its passages and its audit.

        Errors:
            NotFound: no such collection or article. Damaged: the text or the audit fails its checksum.
        """
        with self._catalog.read() as connection:
            found = collections.get(connection, collection)
            head = articles.find_head(connection, found.row, article_id)
            if head is None:
                raise no_article(collection, article_id)
            text = articles.original_text(connection, head.row)
            return ArticleDetail(
                articles.summary(connection, head.row),
                text,
                passages.of_article(connection, head.row),
                audits.edits(connection, head.row),
                audits.audit(connection, head.row, text),
            )

    def _generation(self, collection: int) -> str:
        manifest = GenerationDir(self._catalog.root / "indexes" / f"{collection:06d}").read()
        return manifest.name if manifest else "empty"


def no_article(collection: str, article_id: str) -> NotFound:
    """Say that an article does not exist."""
    return NotFound(
        f"collection {collection!r} has no article {article_id[:200]!r}",
        field="id",
        remedy="list the articles to see their ids",
    )


def no_job(job_id: str) -> NotFound:
    """Say that a job does not exist."""
    return NotFound(f"there is no job {job_id[:80]!r}", field="id", remedy="use the id that the 202 answer gave")
