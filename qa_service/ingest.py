"""The write path: one article or a million through draft, encode, store and publish, in durable batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from embeddings.encoder import Encoder
from qa_service import learning
from qa_service.blocks import BlockEncoder
from qa_service.cutting import Cutting
from qa_service.drafting import Draft, Drafter, Processing
from qa_service.index.generation import Generations
from qa_service.learning import Findings
from qa_service.names import check_collection
from qa_service.store import articles, collections, furniture, passages, words
from qa_service.store.catalog import Catalog, Connection, WriteTransaction
from qa_service.store.collections import Collection
from qa_service.store.packing import pack_spans, pack_terms, pack_units
from qa_service.store.passages import NewPassage
from qa_service.store.segments import Block, Segments
from qa_service.text.repair import Repaired
from qa_service.text.tokens import Tokenizer
from qa_service.text.units import may_be_learnt
from qa_service.types import Outcome, Submission

BATCH_TEXTS = 512
"""Windows and sentences a batch gathers before it is encoded and committed: some seconds of work, so that little is
lost when the process dies, and enough to sort by length."""
BATCH_ARTICLES = 256
PASSAGE_TOKENS = 480
"""Longest passage in model tokens (the measured best); the default model takes 512 with prompt and special tokens."""
PROMPT_MARGIN_TOKENS = 32
ALL_FURNITURE = "all of it is page furniture, such as menus and notices: kept, but not searched"

Learn = Callable[[Connection, int, Sequence[int]], Findings]
"""Learns furniture of a collection, given by row, with the rows of articles that nothing was learnt from yet."""


class Ingestor:
    """Turns submissions into durable, searchable articles."""

    def __init__(
        self,
        catalog: Catalog,
        segments: Segments,
        generations: Generations,
        encoder: Encoder,
        tokenizer: Tokenizer,
        max_article_chars: int,
        repair: Callable[[str], Repaired],
    ) -> None:
        self._catalog = catalog
        self._generations = generations
        self._blocks = BlockEncoder(catalog, segments, encoder)
        cutting = Cutting(tokenizer, encoder.count_tokens, passage_tokens(encoder), repair, encoder.fingerprint)
        self._processing = Processing(cutting, max_article_chars, generations.versions.pipeline)

    def run(
        self,
        submissions: Iterable[Submission],
        collection: str,
        published: Callable[[str], None],
    ) -> Iterator[Outcome]:
        """Ingest submissions in batches; yield outcomes in order, each once it is durable and published.

        Errors:
            BadInput: the collection's name is malformed. Unavailable: the data directory cannot be written.
        """
        check_collection(collection)
        self._learn(collection)
        drafter = Drafter(self._catalog, collection, self._processing)
        for batch in _batches(drafter.draft(submission) for submission in submissions):
            outcomes = self._commit(batch, collection, publish=True)
            if any(outcome.outcome in ("created", "updated") for outcome in outcomes):
                self._learn(collection)
                published(collection)
            yield from outcomes

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
                with self._catalog.read() as connection:
                    self._generations.publish_delta(collections.get(connection, name))
        if gone:
            self._learn(name, Counter(sites[article_id] for article_id in gone))
        return gone

    def reprocess(self, rows: Iterable[int], collection: str, *, publish: bool = False) -> None:
        """Process stored articles anew, given by row; those gone or replaced are left alone."""
        self._redraft(Drafter(self._catalog, collection, self._processing), rows, collection, publish=publish)

    def settle(self, collection: str, *, publish: bool = True) -> None:
        """Learn page furniture from all that the collection holds now; process those articles anew that it concerns."""
        self._apply(collection, lambda connection, row, _: learning.learn_all(connection, row), publish=publish)

    def _learn(self, name: str, gone: Mapping[str, int] | None = None) -> None:
        """Learn furniture from the articles that came and went, those too that a crash kept from being learnt from."""

        def learn(connection: Connection, collection: int, fresh: Sequence[int]) -> Findings:
            return learning.learn(connection, collection, fresh, gone or {})

        self._apply(name, learn, publish=True)

    def _apply(self, name: str, learn: Learn, *, publish: bool) -> None:
        """Learn, and process those articles anew that it concerns.

        What was learnt is recorded once they are: after a crash it is learnt again.
        """
        with self._catalog.read() as connection:
            collection = collections.find(connection, name)
            if collection is None:
                return
            fresh = furniture.not_learnt(connection, collection.row)
            found = learn(connection, collection.row, fresh)
        self._redraft(Drafter(self._catalog, name, self._processing, found), found.articles, name, publish=publish)
        changed = found.learnt | found.forgotten
        if changed or fresh:
            with self._catalog.writer_lock(), self._catalog.write() as tx:
                furniture.change(tx, collection.row, found.learnt, found.forgotten)
                furniture.mark_learnt(tx, fresh)
        if changed:
            # Another process may have cut articles meanwhile that did not know of it yet.
            with self._catalog.read() as connection:
                late = learning.stale(connection, collection.row, changed)
            self.reprocess(late, name, publish=publish)

    def _redraft(self, drafter: Drafter, rows: Iterable[int], collection: str, *, publish: bool) -> None:
        drafts = (drafter.redraft(row) for row in rows)
        for batch in _batches(draft for draft in drafts if draft is not None):
            self._commit(batch, collection, publish=publish)

    def _commit(self, batch: Sequence[Draft], name: str, *, publish: bool) -> list[Outcome]:
        encoded = self._blocks.encode(batch)
        if all(draft.record is None for draft in batch):
            return [draft.outcome for draft in batch if draft.outcome is not None]
        with self._catalog.writer_lock():
            if publish:
                with self._catalog.read() as connection:
                    current = collections.find(connection, name)
                self._generations.ensure_writable(current)
            with self._catalog.write() as tx:
                collection = collections.find(tx.connection, name) or collections.make(tx, name, _now())
                blocks = self._blocks.place(tx, batch, encoded)
                outcomes = [self._write(tx, collection, draft, blocks) for draft in batch]
            if publish:
                with self._catalog.read() as connection:
                    self._generations.publish_delta(collections.get(connection, name))
        return outcomes

    def _write(self, tx: WriteTransaction, collection: Collection, draft: Draft, blocks: dict[bytes, Block]) -> Outcome:
        record = draft.record
        if record is None:
            assert draft.outcome is not None
            return draft.outcome
        if draft.replaces is not None:
            head = articles.find_head(tx.connection, collection.row, record.id)
            if head is None or head.row != draft.replaces:
                return Outcome(record.id, "unchanged")
        replaced = remove_article(tx, collection, record.id)
        ids = words.add_documents(tx, collection.row, (passage.terms for passage in draft.passages if passage.texts))
        searched = sum(1 for passage in draft.passages if passage.texts)
        since = articles.ingested_at(tx.connection, draft.replaces) if draft.replaces is not None else None
        row = articles.insert(tx, collection.row, record, searched, since or _now())
        if since is not None:
            furniture.mark_learnt(tx, [row])
        new = [
            NewPassage(
                passages.passage_id(collection.name, record.id, record.sha256, passage.spans.start, passage.spans.end),
                passage.spans,
                pack_spans(passage.omitted),
                pack_units(passage.units),
                passage.bands,
                pack_terms({ids[word]: count for word, count in passage.terms.items()}),
                passage.terms.total(),
                passage.block_hash,
                blocks.get(passage.block_hash),
            )
            for passage in draft.passages
        ]
        passages.insert(tx, collection.row, row, new)
        furniture.add(tx, collection.row, row, _prints(draft))
        collections.adjust(tx, collection.row, 1, searched, sum(written.words for written in new))
        return Outcome(record.id, "updated" if replaced else "created", None if searched else ALL_FURNITURE, searched)


def _prints(draft: Draft) -> set[int]:
    """Collect the prints from which furniture is learnt."""
    units = (unit for passage in draft.passages for unit in passage.units)
    return {number for number, _, kind in units if may_be_learnt(number, kind)}


def _batches(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    batch: list[Draft] = []
    texts = 0
    for draft in drafts:
        batch.append(draft)
        texts += sum(len(passage.texts) for passage in draft.passages)
        if texts >= BATCH_TEXTS or len(batch) >= BATCH_ARTICLES:
            yield batch
            batch, texts = [], 0
    if batch:
        yield batch


def passage_tokens(encoder: Encoder) -> int:
    """Give the longest passage for an encoder, in its tokens."""
    return min(PASSAGE_TOKENS, encoder.description.max_tokens - PROMPT_MARGIN_TOKENS)


def remove_article(tx: WriteTransaction, collection: Collection, article_id: str) -> bool:
    """End the life of an article and its passages and take its words out of the counts; False when there is none."""
    head = articles.find_head(tx.connection, collection.row, article_id)
    if head is None:
        return False
    gone = passages.mark_deleted(tx, head.row)
    articles.mark_deleted(tx, head.row)
    furniture.remove(tx, head.row)
    words.remove_documents(tx, (terms for terms, _ in gone))
    collections.adjust(tx, collection.row, -1, -len(gone), -sum(count for _, count in gone))
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
