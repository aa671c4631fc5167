"""The first half of the write path: from a submission to passages ready to be encoded; needs no encoder and no lock."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from embeddings.encoder import Vectors
from qa_service.attributes import check_attributes
from qa_service.audit import Audit
from qa_service.cutting import Cutting, DraftPassage
from qa_service.errors import BadInput, Damaged, QAError, Rejected
from qa_service.learning import NOTHING, Findings
from qa_service.names import check_article_id
from qa_service.store import articles, collections, furniture
from qa_service.store.articles import ArticleHead, ArticleRecord
from qa_service.store.catalog import Catalog
from qa_service.text.extract import Extracted, extract, with_extracted
from qa_service.types import Outcome, Submission

logger = logging.getLogger(__name__)

MOST_SITE_BYTES = 255
"""A host name has at most 253; what is longer is a feed's title or a mistake, and no index of a database takes it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A submission on its way: its outcome is already known, or its record and passages are to be written."""

    id: str
    outcome: Outcome | None = None
    record: ArticleRecord | None = None
    passages: tuple[DraftPassage, ...] = ()
    replaces: int | None = None
    """Write only if this row is still the live one of the id: set when a stored article is processed anew."""
    same_pipeline: bool = False
    """Whether what it replaces was processed in the same way, so that equal places hold equal sentences."""
    before: int | None = None
    """The row of the article that it updates, if that was processed in the same way: some sentences may be equal."""
    ingested_at: str | None = None
    """When it came in, if that was into another catalogue."""
    vectors: Mapping[bytes, Vectors] = field(default_factory=dict)
    """The vectors of its blocks that were made where it was drafted, by block hash."""

    @property
    def texts(self) -> int:
        """Count its windows and sentences."""
        return sum(len(passage.texts) for passage in self.passages)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission that was processed elsewhere, by somebody without a catalogue.

    Attributes:
        submission: as it was given.
        draft: what was made of it, or its rejection; None when it was left alone, since the catalogue seemed to have
            it already.
    """

    submission: Submission
    draft: Draft | None


SiteLearnt = Callable[[str, Set[int]], Set[int]]
"""Tells which of some prints were learnt to be furniture of a site."""


@dataclass(frozen=True, slots=True)
class Processing:
    """How articles are processed.

    Attributes:
        cutting: how their texts become passages.
        max_chars: longest article in code points.
        pipeline: identifies all of this; articles processed by another are processed again.
    """

    cutting: Cutting
    max_chars: int
    pipeline: str


class Drafter:
    """Turns the submissions of one ingest into drafts."""

    def __init__(self, catalog: Catalog, collection: str, processing: Processing, found: Findings = NOTHING) -> None:
        """Make a drafter; `found` is what was just learnt of furniture and is not recorded yet."""
        self._catalog = catalog
        self._collection = collection
        self._processing = processing
        self._found = found
        self._seen: set[str] = set()

    def draft(self, given: Submission | Prepared) -> Draft:
        """Process one article as far as it goes without encoding; a bad one becomes a rejected outcome."""
        submission, made = (given.submission, given.draft) if isinstance(given, Prepared) else (given, None)
        article_id, sha256 = identify(submission)
        try:
            check_submission(article_id, submission)
            if article_id in self._seen:
                raise Rejected(
                    "this id was already given in this ingest", field="id", remedy="give every article its own id"
                )
            self._seen.add(article_id)
            attributes, pipeline = articles.attributes_hash(submission), self._processing.pipeline
            head = self._head(article_id)
            if head and (head.sha256, head.attributes, head.pipeline) == (sha256, attributes, pipeline):
                return Draft(article_id, Outcome(article_id, "unchanged", None, head.passages))
            draft = made or self._processed(article_id, submission, sha256, attributes)
            return replace(draft, before=head.row) if head and head.pipeline == pipeline else draft
        except BadInput as error:
            return Draft(article_id, Outcome(article_id, "rejected", str(error)))

    def redraft(self, row: int) -> Draft | None:
        """Process a stored article anew; None when it has gone meanwhile or cannot be processed any more."""
        try:
            with self._catalog.read() as connection:
                found = articles.content(connection, row)
        except Damaged as error:
            # Its passages may be sound; made anew, the damage would be taken for what was given.
            logger.warning("an article stays as it was: %s", error)
            return None
        if found is None:
            return None
        submission, attributes, pipeline = found
        article_id = str(submission.id)
        try:
            draft = self._processed(article_id, submission, hashlib.sha256(submission.content).digest(), attributes)
        except BadInput as error:
            logger.warning("article %r stays as it was: %s", article_id, error)
            return None
        return replace(draft, replaces=row, same_pipeline=pipeline == self._processing.pipeline)

    def adopt(self, given: Submission, attributes: bytes, ingested_at: str) -> Draft:
        """Process an article of another catalogue, as `articles.content` read it from there.

        Errors:
            BadInput: it cannot be processed with these settings.
        """
        article_id = str(given.id)
        draft = self._processed(article_id, given, hashlib.sha256(given.content).digest(), attributes)
        head = self._head(article_id)
        before = head.row if head and head.pipeline == self._processing.pipeline else None
        return replace(draft, before=before, ingested_at=ingested_at)

    def _processed(self, article_id: str, submission: Submission, sha256: bytes, attributes: bytes) -> Draft:
        return process(self._processing, article_id, submission, sha256, attributes, self._learnt)

    def _head(self, article_id: str) -> ArticleHead | None:
        with self._catalog.read() as connection:
            found = collections.find(connection, self._collection)
            return articles.find_head(connection, found.row, article_id) if found else None

    def _learnt(self, site: str, prints: Set[int]) -> Set[int]:
        with self._catalog.read() as connection:
            collection = collections.find(connection, self._collection)
            known = furniture.among(connection, collection.row, site, prints) if collection else set()
        return self._found.applied(site, known, prints)


def process(
    processing: Processing,
    article_id: str,
    submission: Submission,
    sha256: bytes,
    attributes: bytes,
    learnt: SiteLearnt,
) -> Draft:
    """Extract, split and tokenise an article; needs no catalogue.

    Parameters:
        sha256: of its content.
        attributes: the hash of what was handed in, before extraction adds to it.
        learnt: tells the furniture of its site.

    Errors:
        BadInput: it cannot be processed with these settings.
    """
    try:
        extracted = _extracted(processing, submission)
        complete = with_extracted(submission, extracted)
        site = site_of(complete)
        cut = processing.cutting.cut(extracted.text, lambda prints: learnt(site, prints))
    except (QAError, OSError, MemoryError):
        raise
    except Exception as error:
        # What is wrong with our reading of one article must not keep back those that came with it.
        logger.exception("article %r cannot be processed", article_id)
        raise Rejected(
            f"it cannot be processed: {type(error).__name__}: {error}",
            remedy="leave it out, and report it with what the log says",
        ) from error
    if not cut.passages:
        raise Rejected("the article has no text", remedy="leave it out")
    record = ArticleRecord(
        id=article_id,
        submission=complete,
        site=site,
        sha256=sha256,
        attributes=attributes,
        encoding=extracted.encoding,
        text=extracted.text,
        pipeline=processing.pipeline,
        edits=cut.edits,
        audit=Audit(extracted.notes, cut.changes, cut.omitted),
    )
    return Draft(article_id, None, record, cut.passages)


def _extracted(processing: Processing, submission: Submission) -> Extracted:
    extracted = extract(submission.content, submission.content_type, submission.charset)
    if len(extracted.text) > processing.max_chars:
        raise Rejected(
            f"the article has {len(extracted.text)} characters, {processing.max_chars} are allowed",
            remedy="split it, or raise QA_MAX_ARTICLE_CHARS",
        )
    return extracted


def identify(submission: Submission) -> tuple[str, bytes]:
    """Give an article's id, which is the hash of its content where it has none, and that hash."""
    sha256 = hashlib.sha256(submission.content).digest()
    return submission.id if submission.id is not None else sha256.hex(), sha256


def check_submission(article_id: str, submission: Submission) -> None:
    """Refuse what a reader has refused, and malformed attributes.

    Errors:
        BadInput: says why.
    """
    if submission.rejection is not None:
        raise Rejected(submission.rejection)
    check_article_id(article_id)
    check_attributes(submission)


def site_of(submission: Submission) -> str:
    """Name the site an article comes from: the host of its URL, else the site that its metadata name, else "".

    A long name is told by its hash: nobody is shown it, and articles of one name are still of one site.
    """
    host = urlsplit(submission.url or "").hostname or ""
    named = submission.metadata.get("site")
    site = host.lower().removeprefix("www.") or (named.strip().lower() if isinstance(named, str) else "")
    given = site.encode("utf-8")
    return site if len(given) <= MOST_SITE_BYTES else f"sha256:{hashlib.sha256(given).hexdigest()}"
