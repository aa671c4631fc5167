"""The write path: one article or a million through decode, split, encode, store and publish, in durable batches."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from embeddings.encoder import Encoder, Vectors
from qa_service.errors import BadInput, Rejected
from qa_service.index.generation import Generations
from qa_service.store import articles, collections, passages, words
from qa_service.store.articles import ArticleHead, ArticleRecord
from qa_service.store.catalog import Catalog, WriteTransaction
from qa_service.store.collections import Collection
from qa_service.store.packing import pack_terms
from qa_service.store.passages import NewPassage
from qa_service.store.segments import Block, Segments
from qa_service.text.extract import extract
from qa_service.text.fold import encoder_fold
from qa_service.text.passages import split_passages
from qa_service.text.tokens import Tokenizer
from qa_service.types import Outcome, PassageSpans, Submission

BATCH_TEXTS = 512
"""Windows and sentences a batch gathers before it is encoded and committed: some seconds of work, so that little is
lost when the process dies, and enough to sort by length."""
BATCH_ARTICLES = 256
MAX_ID_BYTES = 512
PASSAGE_TOKENS = 480
"""Longest passage in model tokens (the measured best); the default model takes 512 with prompt and special tokens."""
PROMPT_MARGIN_TOKENS = 32


@dataclass(frozen=True, slots=True)
class DraftPassage:
    """A passage split and tokenised but not yet encoded: `texts` are its window and then its sentences."""

    spans: PassageSpans
    texts: tuple[str, ...]
    terms: Counter[str]
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A submission on its way: its outcome is already known, or its record and passages are to be written."""

    id: str
    outcome: Outcome | None = None
    record: ArticleRecord | None = None
    passages: tuple[DraftPassage, ...] = ()


def check_article_id(article_id: str) -> str:
    """Return a well-formed article id.

    Errors:
        Rejected: it is empty, over 512 bytes, or holds control characters or lone surrogates.
    """
    try:
        size = len(article_id.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise Rejected("the id holds a lone surrogate", field="id", remedy="use valid Unicode") from error
    if not 1 <= size <= MAX_ID_BYTES:
        raise Rejected(f"the id has {size} bytes, 1 to {MAX_ID_BYTES} are allowed", field="id", remedy="shorten it")
    if any(unicodedata.category(char) == "Cc" for char in article_id):
        raise Rejected("the id holds a control character", field="id", remedy="remove it")
    return article_id


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
    ) -> None:
        self._catalog = catalog
        self._segments = segments
        self._generations = generations
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._max_chars = max_article_chars
        self._limit = min(PASSAGE_TOKENS, encoder.description.max_tokens - PROMPT_MARGIN_TOKENS)
        self._fingerprint = encoder.fingerprint
        self._pipeline = generations.versions.pipeline

    def run(
        self,
        submissions: Iterable[Submission],
        collection: str,
        published: Callable[[str], None],
        *,
        publish: bool = True,
    ) -> Iterator[Outcome]:
        """Ingest submissions in batches; yield outcomes in order, each once it is durable and published.

        Errors:
            BadInput: the collection's name is malformed. Unavailable: the data directory cannot be written.
        """
        collections.check_name(collection)
        for batch in self._batches(submissions, collection):
            outcomes = self._commit(batch, collection, publish=publish)
            if publish and any(outcome.outcome in ("created", "updated") for outcome in outcomes):
                published(collection)
            yield from outcomes

    def _batches(self, submissions: Iterable[Submission], collection: str) -> Iterator[list[Draft]]:
        seen: set[str] = set()
        batch: list[Draft] = []
        texts = 0
        for submission in submissions:
            draft = self._draft(submission, collection, seen)
            batch.append(draft)
            texts += sum(len(passage.texts) for passage in draft.passages)
            if texts >= BATCH_TEXTS or len(batch) >= BATCH_ARTICLES:
                yield batch
                batch, texts = [], 0
        if batch:
            yield batch

    def _draft(self, submission: Submission, collection: str, seen: set[str]) -> Draft:
        """Do everything for one article that needs neither the encoder nor the writer's lock."""
        sha256 = hashlib.sha256(submission.content).digest()
        article_id = submission.id if submission.id is not None else sha256.hex()
        try:
            if submission.rejection is not None:
                raise Rejected(submission.rejection)
            check_article_id(article_id)
            if article_id in seen:
                raise Rejected(
                    "this id was already given in this ingest", field="id", remedy="give every article its own id"
                )
            seen.add(article_id)
            attributes = articles.attributes_hash(submission)
            head = self._head(collection, article_id)
            if head and (head.sha256, head.attributes, head.pipeline) == (sha256, attributes, self._pipeline):
                return Draft(article_id, Outcome(article_id, "unchanged", None, head.passages))
            text, encoding = self._text(submission)
            record = ArticleRecord(article_id, submission, sha256, attributes, encoding, text, self._pipeline)
            return Draft(article_id, None, record, self._passages(text))
        except BadInput as error:
            return Draft(article_id, Outcome(article_id, "rejected", str(error)))

    def _head(self, collection: str, article_id: str) -> ArticleHead | None:
        with self._catalog.read() as connection:
            found = collections.find(connection, collection)
            return articles.find_head(connection, found.row, article_id) if found else None

    def _text(self, submission: Submission) -> tuple[str, str]:
        extracted = extract(submission.content, submission.content_type, submission.charset)
        if len(extracted.text) > self._max_chars:
            raise Rejected(
                f"the article has {len(extracted.text)} characters, {self._max_chars} are allowed",
                remedy="split it, or raise QA_MAX_ARTICLE_CHARS",
            )
        return extracted.text, extracted.encoding

    def _passages(self, text: str) -> tuple[DraftPassage, ...]:
        spans = split_passages(text, self._encoder.count_tokens, self._limit)
        if not spans:
            raise Rejected("the article has no text", remedy="leave it out")
        drafts = []
        for passage in spans:
            texts = tuple(encoder_fold(text[span.start : span.end]) for span in (passage, *passage.sentences))
            terms = Counter(self._tokenizer.words(text[passage.start : passage.end]))
            drafts.append(DraftPassage(passage, texts, terms, self._block_hash(texts)))
        return tuple(drafts)

    def _block_hash(self, texts: Sequence[str]) -> bytes:
        digest = hashlib.sha256(self._fingerprint.encode())
        for text in texts:
            data = text.encode("utf-8")
            digest.update(len(data).to_bytes(4, "little") + data)
        return digest.digest()

    def _encode(self, batch: Sequence[Draft]) -> dict[bytes, Vectors]:
        """Encode the blocks of a batch that no passage in the catalogue has already, each distinct text once."""
        wanted = {passage.block_hash: passage.texts for draft in batch for passage in draft.passages}
        with self._catalog.read() as connection:
            known = passages.find_blocks(connection, list(wanted))
        missing = {block_hash: texts for block_hash, texts in wanted.items() if block_hash not in known}
        places = {text: place for place, text in enumerate(dict.fromkeys(t for ts in missing.values() for t in ts))}
        if not places:
            return {}
        vectors = self._encoder.encode_passages(list(places))
        return {block_hash: vectors[[places[text] for text in texts]] for block_hash, texts in missing.items()}

    def _commit(self, batch: Sequence[Draft], name: str, *, publish: bool) -> list[Outcome]:
        encoded = self._encode(batch)
        if all(draft.record is None for draft in batch):
            return [draft.outcome for draft in batch if draft.outcome is not None]
        with self._catalog.writer_lock():
            with self._catalog.write() as tx:
                collection = collections.find(tx.connection, name) or collections.make(tx, name, _now())
                blocks = self._place(tx, batch, encoded)
                outcomes = [self._write(tx, collection, draft, blocks) for draft in batch]
            if publish:
                with self._catalog.read() as connection:
                    self._generations.publish_delta(collections.get(connection, name))
        return outcomes

    def _place(self, tx: WriteTransaction, batch: Sequence[Draft], encoded: dict[bytes, Vectors]) -> dict[bytes, Block]:
        """Find or append the vectors of every block of a batch, under the writer's lock."""
        wanted = list({passage.block_hash: None for draft in batch for passage in draft.passages})
        blocks = passages.find_blocks(tx.connection, wanted)
        # Another writer may have erased a block since it was found; it is encoded now.
        for draft in batch:
            for passage in draft.passages:
                if passage.block_hash not in blocks and passage.block_hash not in encoded:
                    encoded[passage.block_hash] = self._encoder.encode_passages(passage.texts)
        fresh = [block_hash for block_hash in wanted if block_hash not in blocks]
        placed = self._segments.append(tx, self._fingerprint, [np.asarray(encoded[h]) for h in fresh])
        blocks.update(zip(fresh, placed, strict=True))
        return blocks

    def _write(self, tx: WriteTransaction, collection: Collection, draft: Draft, blocks: dict[bytes, Block]) -> Outcome:
        record = draft.record
        if record is None:
            assert draft.outcome is not None
            return draft.outcome
        replaced = remove_article(tx, collection, record.id)
        ids = words.add_documents(tx, collection.row, (passage.terms for passage in draft.passages))
        row = articles.insert(tx, collection.row, record, len(draft.passages), _now())
        new = [
            NewPassage(
                passages.passage_id(collection.name, record.id, record.sha256, draft_.spans.start, draft_.spans.end),
                draft_.spans,
                pack_terms({ids[word]: count for word, count in draft_.terms.items()}),
                draft_.terms.total(),
                draft_.block_hash,
                blocks[draft_.block_hash],
            )
            for draft_ in draft.passages
        ]
        passages.insert(tx, collection.row, row, new)
        collections.adjust(tx, collection.row, 1, len(new), sum(passage.words for passage in new))
        return Outcome(record.id, "updated" if replaced else "created", None, len(new))


def remove_article(tx: WriteTransaction, collection: Collection, article_id: str) -> bool:
    """End the life of an article and its passages and take its words out of the counts; False when there is none."""
    head = articles.find_head(tx.connection, collection.row, article_id)
    if head is None:
        return False
    gone = passages.mark_deleted(tx, head.row)
    articles.mark_deleted(tx, head.row)
    words.remove_documents(tx, (terms for terms, _ in gone))
    collections.adjust(tx, collection.row, -1, -len(gone), -sum(count for _, count in gone))
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
