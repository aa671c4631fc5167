"""The values that pass between layers: frozen, typed, and free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qa_service.audit import Audit, Edit
from qa_service.filters.tree import Filter

OutcomeStatus = Literal["created", "updated", "unchanged", "rejected"]
TextForm = Literal["original", "repaired"]
JobState = Literal["queued", "running", "done", "failed"]
Role = Literal["user", "assistant", "system", "developer", "tool", "function"]
FRESHNESS_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of Unicode code points, `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Submission:
    """One article as it was handed in, before decoding.

    `content` is kept byte for byte. `id` None means the SHA-256 of the bytes. `charset` is what the
    sender declared, if anything. `published_at` is an ISO 8601 date or date-time. `metadata` is a JSON object.
    """

    content: bytes
    id: str | None = None
    content_type: str = "text/plain"
    charset: str | None = None
    title: str | None = None
    url: str | None = None
    published_at: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    rejection: str | None = None
    """Why a reader already refused this item (a bad row, an unreadable file); it becomes a rejected outcome."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submitted article."""

    id: str
    outcome: OutcomeStatus
    reason: str | None = None
    passages: int = 0


@dataclass(frozen=True, slots=True)
class PassageSpans:
    """A passage's place in the original text and its sentences, in the same offsets."""

    start: int
    end: int
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """A preference for newer passages: `weight` (0..1) for the newest, half of it for one `half_life_days` older."""

    half_life_days: float
    weight: float = FRESHNESS_WEIGHT


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said before a question. What is not a user's or an assistant's is never read."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with its options; validated at the edge. `text_form` None takes the settings' form.

    `history` is what was said before, the oldest first, without the question.
    """

    question: str
    collection: str = "default"
    top_k: int = 5
    min_confidence: float | None = None
    explain: bool = False
    text_form: TextForm | None = None
    filters: Filter | None = None
    freshness: Freshness | None = None
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """Another place that says the same, in its own article's offsets."""

    article_id: str
    title: str | None
    url: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """One returned passage; `text` is exactly `original[start:end]` of its article, or that repaired if so asked.

    `omitted` are parts of it that were not searched. Offsets are the original's in either form. `best` is its best
    sentence, or the two of `highlights`, in the form of `text`.
    """

    rank: int
    score: float
    passage_id: str
    article_id: str
    title: str | None
    url: str | None
    published_at: str | None
    text: str
    start: int
    end: int
    highlights: tuple[Span, ...]
    omitted: tuple[Span, ...]
    also_in: tuple[Copy, ...]
    metadata: Mapping[str, object]
    best: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentence, or two adjacent ones, of the first passage that answers."""

    text: str
    passage_id: str
    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Result:
    """Everything `/v1/ask` returns. `timings_ms` has a key per stage and `total`.

    `question_id` names the question in the question log, where there is one.
    """

    question: str
    answerable: bool
    confidence: float
    answer: Answer | None
    passages: tuple[RankedPassage, ...]
    timings_ms: Mapping[str, float]
    generation: str
    explain: Mapping[str, object] | None = None
    question_id: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """One row of an article listing; `characters` counts the original text's code points."""

    id: str
    title: str | None
    url: str | None
    published_at: str | None
    metadata: Mapping[str, object]
    sha256: str
    content_type: str
    encoding: str
    characters: int
    passages: int
    ingested_at: str


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as the catalogue knows it: its sentences are searched, what is omitted is not."""

    passage_id: str
    start: int
    end: int
    sentences: tuple[Span, ...]
    omitted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleDetail:
    """One article with its original text, the edits that repair it, its passages and its audit."""

    summary: ArticleSummary
    text: str
    passages: tuple[StoredPassage, ...]
    edits: tuple[Edit, ...] = ()
    audit: Audit = field(default_factory=Audit)


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """A page of a listing in id order; `next_cursor` None on the last page."""

    articles: tuple[ArticleSummary, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection's size and the generation now served."""

    name: str
    articles: int
    passages: int
    generation: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Job:
    """A durable background ingest; counts are of articles."""

    id: str
    collection: str
    state: JobState
    total: int
    done: int
    outcomes: tuple[Outcome, ...]
    error: str | None
    created_at: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether questions can be answered now, and if not, why; `checks` tells what was looked at and is well."""

    ready: bool
    status: str
    warnings: tuple[str, ...] = ()
    checks: Mapping[str, bool] = field(default_factory=dict)
