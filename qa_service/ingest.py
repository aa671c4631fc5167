"""The write path: one article or a million through draft, encode, store and publish, in durable batches."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

from embeddings.encoder import Encoder, Vectors
from qa_service import learning, learnt, singling_out
from qa_service.blocks import BlockEncoder, Elsewhere
from qa_service.cutting import Cutting
from qa_service.drafting import Draft, Drafter, Prepared, Processing
from qa_service.index.indexes import Indexes
from qa_service.learning import Findings
from qa_service.names import check_collection
from qa_service.pipeline import Pipeline
from qa_service.recent_vectors import RecentVectors
from qa_service.store import articles, collections, furniture
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.segments import Segments
from qa_service.text.repair import Repaired
from qa_service.text.tokens import Tokenizer
from qa_service.types import Outcome, Submission
from qa_service.writing import now, remove_article, write_drafts

BATCH_TEXTS = 512
"""Windows and sentences a batch gathers before it is encoded and committed: some seconds of work, so that little is
lost when the process dies, and enough to sort by length."""
BATCH_ARTICLES = 256
PASSAGE_TOKENS = 480
"""Longest passage in model tokens (the measured best); the default model takes 512 with prompt and special tokens."""
PROMPT_MARGIN_TOKENS = 32

Learn = Callable[[Connection, int, Sequence[int]], Findings]
"""Learns furniture of a collection, given by row, with the rows of articles that nothing was learnt from yet."""

Noted = Callable[[WriteTransaction, Sequence[Outcome]], None]
"""Writes down what became of articles, in the transaction that writes these."""


Adopted = tuple[Submission, bytes, str]
"""An article of another catalogue, the hash of the attributes it was given with, and when it came in."""


def _always() -> bool:
    return True


class Ingestor:
    """Turns submissions into durable, searchable articles."""

    def __init__(
        self,
        catalog: Catalog,
        segments: Segments,
        generations: Indexes,
        encoder: Encoder,
        tokenizer: Tokenizer,
        max_article_chars: int,
        repair: Callable[[str], Repaired],
    ) -> None:
        """Make one over a store; it remembers the vectors it last made, whoever it made them for."""
        self._catalog = catalog
        self._generations = generations
        self._let_go: Callable[[], None] = lambda: None
        self._blocks = BlockEncoder(catalog, segments, encoder, RecentVectors())
        self.processing = processing(encoder, tokenizer, max_article_chars, repair, generations.versions.pipeline)

    def run(
        self,
        submissions: Iterable[Submission | Prepared],
        collection: str,
        published: Callable[[str], None],
        wanted: Callable[[], bool] = _always,
        noted: Noted | None = None,
    ) -> Iterator[list[Outcome]]:
        """Ingest submissions; yield the outcomes of a batch, in order, once they are durable and published.

        Parameters:
            submissions: read by another thread when they are many; what was prepared elsewhere is taken as it is.
            published: told the collection's name after each batch, which is published then.
            wanted: asked before each batch is written, while nobody else can write; False ends the ingest there.
            noted: given the outcomes of each batch in the transaction that writes it.

        Errors:
            BadInput: the collection's name is malformed. Unavailable: the data directory cannot be written.
        """
        check_collection(collection)
        self._ensure_published(collection)
        self._learn(collection)
        drafter = Drafter(self._catalog, collection, self.processing)
        with contextlib.closing(self._encoded(drafter.draft(submission) for submission in submissions)) as encoded:
            for batch, vectors in encoded:
                outcomes = self._commit(batch, vectors, collection, publish=True, wanted=wanted, noted=noted)
                if outcomes is None:
                    return
                if any(outcome.outcome in ("created", "updated") for outcome in outcomes):
                    self._learn(collection)
                published(collection)
                yield outcomes

    def remove(self, article_ids: Sequence[str], name: str) -> list[str]:
        """Delete articles of a collection and publish; return the ids of those that were there.

        Errors:
            NotFound: no such collection.
        """
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                self._generations.ensure_writable(collections.get(connection, name))
            with self._catalog.write() as tx:
                found = collections.get(tx.connection, name)
                sites = articles.sites_of_ids(tx.connection, found.row, article_ids)
                gone = [article_id for article_id in article_ids if remove_article(tx, found, article_id)]
            if gone:
                self._publish(name)
        if gone:
            self._learn(name, Counter(sites[article_id] for article_id in gone))
        else:
            self._ensure_published(name)
        return gone

    def reprocess(self, rows: Iterable[int], collection: str, *, publish: bool = False) -> None:
        """Process stored articles anew, given by row; those gone or replaced are left alone."""
        self._redraft(Drafter(self._catalog, collection, self.processing), rows, collection, publish=publish)

    def borrow(self, elsewhere: Elsewhere | None, let_go: Callable[[], None] = lambda: None) -> None:
        """Take vectors from another catalogue, where it has them, or from none any more; see `BlockEncoder.borrow`.

        Parameters:
            elsewhere: looks them up.
            let_go: called in each thread of an ingest before it ends: what was lent may have opened something there.
        """
        self._blocks.borrow(elsewhere)
        self._let_go = let_go

    def adopt(self, found: Iterable[Adopted], collection: str, *, publish: bool) -> Generator[int, None, None]:
        """Take articles over from another catalogue, given with the hash of their attributes and when they came in.

        Nothing is learnt from them; yields how many each batch had, once it is durable.

        Errors:
            BadInput: an article cannot be processed with these settings.
        """
        drafter = Drafter(self._catalog, collection, self.processing)
        with contextlib.closing(self._encoded(drafter.adopt(*one) for one in found)) as encoded:
            for batch, vectors in encoded:
                self._commit(batch, vectors, collection, publish=publish)
                yield len(batch)

    def learn(self, collection: str, gone: Mapping[str, int]) -> None:
        """Learn page furniture from the articles that came unlearnt, and from those that went, counted by site."""
        self._learn(collection, gone)

    def settle(self, collection: str, *, publish: bool = True) -> None:
        """Learn page furniture from all that the collection holds now; process those articles anew that it concerns."""
        self._apply(
            collection,
            lambda connection, row, _: learning.learn_all(connection, row),
            publish=publish,
            everything=True,
        )

    def _learn(self, name: str, gone: Mapping[str, int] | None = None) -> None:
        """Learn furniture from the articles that came and went, those too that a crash kept from being learnt from."""

        def learn(connection: Connection, collection: int, fresh: Sequence[int]) -> Findings:
            return learning.learn(connection, collection, fresh, gone or {})

        self._apply(name, learn, publish=True)

    def _apply(self, name: str, learn: Learn, *, publish: bool, everything: bool = False) -> None:
        """Learn, and process those articles anew that it concerns.

        What was learnt is recorded once they are: after a crash it is learnt again, when all is learnt anew at the
        latest, which also finds the articles that were processed for something that is not so any more.
        """
        with self._catalog.read() as connection:
            collection = collections.find(connection, name)
            if collection is None:
                return
            fresh = furniture.not_learnt(connection, collection.row)
            found = learn(connection, collection.row, fresh)
            unfinished = furniture.is_unfinished(connection, collection.row)
        # What another left unfinished is finished only by looking at everything.
        finishing = everything or not unfinished
        if found.articles and finishing:
            with self._catalog.writer_lock(), self._catalog.write() as tx:
                furniture.begin(tx, collection.row)
        self._redraft(Drafter(self._catalog, name, self.processing, found), found.articles, name, publish=publish)
        self.reprocess(learnt.record(self._catalog, collection.row, fresh, found), name, publish=publish)
        if finishing:
            learnt.finish(self._catalog, collection.row)

    def _redraft(self, drafter: Drafter, rows: Iterable[int], collection: str, *, publish: bool) -> None:
        def there() -> bool:
            with self._catalog.read() as connection:
                return collections.find(connection, collection) is not None

        drafts = (drafter.redraft(row) for row in rows)
        with contextlib.closing(self._encoded(draft for draft in drafts if draft is not None)) as encoded:
            for batch, vectors in encoded:
                if self._commit(batch, vectors, collection, publish=publish, wanted=there) is None:
                    return  # the collection was deleted meanwhile, and must not come back

    def _encoded(self, drafts: Iterator[Draft]) -> Generator[tuple[list[Draft], dict[bytes, Vectors]], None, None]:
        """Give batches with their vectors, in order; drafting, encoding and the caller work at the same time.

        What fits into one batch is made here and now: for so few articles threads cost more than they bring.
        """
        batches = _batches(drafts)
        first = next(batches, None)
        if first is None:
            return
        if len(first) < BATCH_ARTICLES and sum(draft.texts for draft in first) < BATCH_TEXTS:
            yield first, self._blocks.encode(first)
            return
        with Pipeline(self._release) as pipeline:
            drafted = pipeline.ahead(itertools.chain([first], batches), "qa-draft")
            encoded = ((batch, self._blocks.encode(batch)) for batch in drafted)
            yield from pipeline.ahead(encoded, "qa-encode")

    def _release(self) -> None:
        """Let go of what belongs to a thread that ends."""
        self._catalog.release()
        self._let_go()

    def _commit(
        self,
        batch: Sequence[Draft],
        encoded: dict[bytes, Vectors],
        name: str,
        *,
        publish: bool,
        wanted: Callable[[], bool] = _always,
        noted: Noted | None = None,
    ) -> list[Outcome] | None:
        """Write a batch and publish it; None when it is not wanted any more."""

        def write(some: Sequence[Draft]) -> list[Outcome] | None:
            return self._commit_together(some, encoded, name, publish, wanted, noted)

        return singling_out.written(batch, write)

    def _commit_together(
        self,
        batch: Sequence[Draft],
        encoded: dict[bytes, Vectors],
        name: str,
        publish: bool,
        wanted: Callable[[], bool],
        noted: Noted | None,
    ) -> list[Outcome] | None:
        if all(draft.record is None for draft in batch):
            outcomes = [draft.outcome for draft in batch if draft.outcome is not None]
            if publish:
                self._ensure_published(name)
            if noted is not None:
                with self._catalog.writer_lock(), self._catalog.write() as tx:
                    noted(tx, outcomes)
            return outcomes
        with self._catalog.writer_lock():
            if not wanted():
                return None
            if publish:
                with self._catalog.read() as connection:
                    current = collections.find(connection, name)
                self._generations.ensure_writable(current)
            with self._catalog.write() as tx:
                collection = collections.find(tx.connection, name) or collections.make(tx, name, now())
                blocks = self._blocks.place(tx, batch, encoded)
                outcomes = write_drafts(tx, collection, batch, blocks)
                if noted is not None:
                    noted(tx, outcomes)
            if publish:
                self._publish(name)
        return outcomes

    def _publish(self, name: str) -> None:
        """Publish what was just committed; the caller holds the writer's lock."""
        with self._catalog.read() as connection:
            found = collections.get(connection, name)
        self._generations.publish_delta(found)

    def _ensure_published(self, name: str) -> None:
        """Publish what was committed when publishing failed: who tries that again, and is told that nothing changed,
        may rely on its being searched."""
        with self._catalog.read() as connection:
            found = collections.find(connection, name)
        if found is None or self._generations.covers(found):
            return
        with self._catalog.writer_lock():
            with self._catalog.read() as connection:
                found = collections.find(connection, name)
            if found is not None:
                self._generations.recover(found)


def _batches(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    batch: list[Draft] = []
    texts = 0
    for draft in drafts:
        batch.append(draft)
        texts += draft.texts
        if texts >= BATCH_TEXTS or len(batch) >= BATCH_ARTICLES:
            yield batch
            batch, texts = [], 0
    if batch:
        yield batch


def processing(
    encoder: Encoder, tokenizer: Tokenizer, max_article_chars: int, repair: Callable[[str], Repaired], pipeline: str
) -> Processing:
    """Say how articles are processed with an encoder and a tokenizer."""
    cutting = Cutting(tokenizer, encoder.count_tokens, passage_tokens(encoder), repair, encoder.fingerprint)
    return Processing(cutting, max_article_chars, pipeline)


def passage_tokens(encoder: Encoder) -> int:
    """Give the longest passage for an encoder, in its tokens."""
    return min(PASSAGE_TOKENS, encoder.description.max_tokens - PROMPT_MARGIN_TOKENS)
