"""Articles taken in and deleted so that open collections show it at once, and compaction of what that leaves."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from qa_service.drafting import Prepared
from qa_service.index.opened import OpenedCollections
from qa_service.ingest import Ingestor, Noted
from qa_service.library import no_article
from qa_service.store import articles, collections
from qa_service.store.catalog import Catalog
from qa_service.types import Outcome, Submission

COMPACT_EVERY = 1000
"""Articles of one ingest after which the delta is looked at: it must not grow without end in a long one."""


class TakingIn:
    """What changes the articles of collections. Safe for threads."""

    def __init__(
        self, catalog: Catalog, ingestor: Ingestor, opened: OpenedCollections, compact_soon: Callable[[str], None]
    ) -> None:
        """Make one over a store; `compact_soon` is told the collections that may need compaction."""
        self._catalog = catalog
        self._ingestor = ingestor
        self._opened = opened
        self._compact_soon = compact_soon

    def ingest(self, submissions: Iterable[Submission | Prepared], collection: str) -> Iterator[Outcome]:
        """Take articles in; yield an outcome for each, in order, once it is durable and searchable.

        Errors:
            BadInput: the collection's name is malformed. Unavailable: the data directory cannot be written.
        """
        for outcomes in self.ingest_batches(submissions, collection):
            yield from outcomes

    def ingest_batches(
        self,
        submissions: Iterable[Submission | Prepared],
        collection: str,
        wanted: Callable[[], bool] = lambda: True,
        noted: Noted | None = None,
    ) -> Iterator[list[Outcome]]:
        """Take articles in as `ingest` does; yield the outcomes of each batch; see `Ingestor.run`.

        At the end nothing of the collection is left to be published, not even what somebody killed has left: of a job
        that was killed after its last batch was written, that batch is all that can be missing.
        """
        count = 0
        for outcomes in self._ingestor.run(submissions, collection, self._opened.follow, wanted, noted):
            yield outcomes
            before, count = count, count + len(outcomes)
            if count // COMPACT_EVERY > before // COMPACT_EVERY:
                self._compact_soon(collection)
        self._opened.ensure_published(collection)
        self._compact_soon(collection)

    def prune(self, collection: str, keep: Container[str]) -> list[str]:
        """Delete the articles of a collection whose ids are not in `keep`; return their ids."""
        with self._catalog.read() as connection:
            found = collections.get(connection, collection)
            gone = [article_id for article_id in articles.live_ids(connection, found.row) if article_id not in keep]
        return self._delete(collection, gone) if gone else []

    def delete_article(self, collection: str, article_id: str) -> None:
        """Delete an article; it is gone from every answer when this returns.

        Errors:
            NotFound: no such collection or article.
        """
        if not self._delete(collection, [article_id]):
            raise no_article(collection, article_id)

    def compact(self, name: str) -> bool:
        """Fold a collection's delta into its base if it has grown enough, after learning its page furniture anew.

        Returns:
            Whether it had.
        """
        if not self._opened.is_due(name):
            return False
        self._ingestor.settle(name)
        return self._opened.compact(name)

    def _delete(self, name: str, article_ids: Sequence[str]) -> list[str]:
        gone = self._ingestor.remove(article_ids, name)
        self._opened.follow(name)
        return gone
