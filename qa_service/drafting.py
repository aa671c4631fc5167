"""The first half of the write path: from a submission to passages ready to be encoded; needs no encoder and no lock."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qa_service.attributes import check_attributes
from qa_service.errors import BadInput, Rejected
from qa_service.names import check_article_id
from qa_service.store import articles, collections
from qa_service.store.articles import ArticleHead, ArticleRecord
from qa_service.store.catalog import Catalog
from qa_service.text.extract import Extracted, extract, with_extracted
from qa_service.text.fold import encoder_fold
from qa_service.text.offsets import MappedText
from qa_service.text.passages import split_passages
from qa_service.text.tokens import Tokenizer
from qa_service.types import Outcome, PassageSpans, Span, Submission

logger = logging.getLogger(__name__)


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
    replaces: int | None = None
    """Write only if this row is still the live one of the id: set when a stored article is processed anew."""


@dataclass(frozen=True, slots=True)
class Processing:
    """How articles are processed.

    Attributes:
        tokenizer: cuts passages into words.
        count_tokens: the encoder's count of model tokens.
        passage_tokens: longest passage in model tokens.
        repair: mends a text for the search, with a map to the original.
        max_chars: longest article in code points.
        fingerprint: of the encoder; part of what identifies encoded text.
        pipeline: identifies all of this; articles processed by another are processed again.
    """

    tokenizer: Tokenizer
    count_tokens: Callable[[Sequence[str]], Sequence[int]]
    passage_tokens: int
    repair: Callable[[str], MappedText]
    max_chars: int
    fingerprint: str
    pipeline: str


def in_original(repaired: MappedText, sentences: Sequence[Span], floor: int) -> list[tuple[Span, Span]]:
    """Carry sentences of the repaired text over to the original.

    Two sentences may come from one stretch that was restored as a whole; it then belongs to the first of them.

    Parameters:
        sentences: in order and disjoint, in the repaired text.
        floor: where the passage before ends in the original.

    Returns:
        The sentences that have a place of their own, each with it; the places are in order, disjoint, not empty.
    """
    placed: list[tuple[Span, Span]] = []
    for sentence in sentences:
        place = repaired.to_source(sentence.start, sentence.end)
        start = max(place.start, floor)
        if start < place.end:
            placed.append((sentence, Span(start, place.end)))
            floor = place.end
    return placed


class Drafter:
    """Turns the submissions of one ingest into drafts."""

    def __init__(self, catalog: Catalog, collection: str, processing: Processing) -> None:
        self._catalog = catalog
        self._collection = collection
        self._processing = processing
        self._seen: set[str] = set()

    def draft(self, submission: Submission) -> Draft:
        """Process one article as far as it goes without encoding; a bad one becomes a rejected outcome."""
        sha256 = hashlib.sha256(submission.content).digest()
        article_id = submission.id if submission.id is not None else sha256.hex()
        try:
            if submission.rejection is not None:
                raise Rejected(submission.rejection)
            check_article_id(article_id)
            check_attributes(submission)
            if article_id in self._seen:
                raise Rejected(
                    "this id was already given in this ingest", field="id", remedy="give every article its own id"
                )
            self._seen.add(article_id)
            attributes, pipeline = articles.attributes_hash(submission), self._processing.pipeline
            head = self._head(article_id)
            if head and (head.sha256, head.attributes, head.pipeline) == (sha256, attributes, pipeline):
                return Draft(article_id, Outcome(article_id, "unchanged", None, head.passages))
            return self._processed(article_id, submission, sha256, attributes)
        except BadInput as error:
            return Draft(article_id, Outcome(article_id, "rejected", str(error)))

    def redraft(self, row: int) -> Draft | None:
        """Process a stored article anew; None when it has gone meanwhile or cannot be processed any more."""
        with self._catalog.read() as connection:
            found = articles.content(connection, row)
        if found is None:
            return None
        submission, attributes = found
        article_id = str(submission.id)
        try:
            draft = self._processed(article_id, submission, hashlib.sha256(submission.content).digest(), attributes)
        except BadInput as error:
            logger.warning("article %r stays as it was: %s", article_id, error)
            return None
        return replace(draft, replaces=row)

    def _processed(self, article_id: str, submission: Submission, sha256: bytes, attributes: bytes) -> Draft:
        """Extract, split and tokenise; `attributes` is the hash of what was handed in, before extraction adds to it."""
        extracted = self._extracted(submission)
        complete = with_extracted(submission, extracted)
        record = ArticleRecord(
            article_id, complete, sha256, attributes, extracted.encoding, extracted.text, self._processing.pipeline
        )
        return Draft(article_id, None, record, self._passages(extracted.text))

    def _head(self, article_id: str) -> ArticleHead | None:
        with self._catalog.read() as connection:
            found = collections.find(connection, self._collection)
            return articles.find_head(connection, found.row, article_id) if found else None

    def _extracted(self, submission: Submission) -> Extracted:
        extracted = extract(submission.content, submission.content_type, submission.charset)
        if len(extracted.text) > self._processing.max_chars:
            raise Rejected(
                f"the article has {len(extracted.text)} characters, {self._processing.max_chars} are allowed",
                remedy="split it, or raise QA_MAX_ARTICLE_CHARS",
            )
        return extracted

    def _passages(self, text: str) -> tuple[DraftPassage, ...]:
        """Split and tokenise the repaired text; the spans are the original's."""
        repaired = self._processing.repair(text)
        clean = repaired.text
        spans = split_passages(clean, self._processing.count_tokens, self._processing.passage_tokens)
        if not spans:
            raise Rejected("the article has no text", remedy="leave it out")
        drafts = []
        end = 0
        for passage in spans:
            pairs = in_original(repaired, passage.sentences, end)
            if not pairs:
                continue
            places = tuple(place for _, place in pairs)
            window = Span(passage.start, passage.end)
            texts = tuple(encoder_fold(clean[span.start : span.end]) for span in (window, *(s for s, _ in pairs)))
            terms = Counter(self._processing.tokenizer.words(clean[passage.start : passage.end]))
            place = PassageSpans(places[0].start, places[-1].end, places)
            drafts.append(DraftPassage(place, texts, terms, self._block_hash(texts)))
            end = place.end
        return tuple(drafts)

    def _block_hash(self, texts: Sequence[str]) -> bytes:
        digest = hashlib.sha256(self._processing.fingerprint.encode())
        for text in texts:
            data = text.encode("utf-8")
            digest.update(len(data).to_bytes(4, "little") + data)
        return digest.digest()
