"""What answers look like, for the document; the bytes themselves are written by `serialize` and `rendering`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from qa_service.types import JobState, OutcomeStatus

_OFFSET = "Unicode code points in the article's original text"


class Out(BaseModel):
    """A response: exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class SpanOut(Out):
    """A half-open range, `original[start:end]`, in Unicode code points of the article's original text."""

    start: int = Field(ge=0, description=_OFFSET)
    end: int = Field(ge=0, description=_OFFSET)


class AnswerOut(SpanOut):
    """One sentence, or two adjacent ones, of the first passage."""

    text: str = Field(description="Exactly `original[start:end]`, or its repaired form if that was asked for.")
    passage_id: str
    article_id: str


class CopyOut(SpanOut):
    """Another place that says the same, in its own article's offsets."""

    article_id: str
    title: str | None
    url: str | None


class PassageOut(SpanOut):
    """A passage of one article; `text == original[start:end]` unless the repaired form was asked for."""

    rank: int = Field(ge=1)
    score: float = Field(ge=0, le=1, description="Probability that the passage answers the question.")
    passage_id: str
    article_id: str
    title: str | None
    url: str | None
    published_at: str | None
    text: str
    highlights: list[SpanOut] = Field(description="The passage's best sentence or sentences.")
    omitted: list[SpanOut] = Field(description="Page furniture in the passage, which was not searched.")
    also_in: list[CopyOut] = Field(description="Copies that this passage stands for, at most 100, by article id.")
    metadata: dict[str, Any]


class AskResponse(Out):
    """The answer, if there is one, and the passages in order of their score."""

    question: str
    answerable: bool = Field(description="Whether confidence reaches the threshold.")
    confidence: float = Field(ge=0, le=1, description="The first passage's score, 0 without one.")
    answer: AnswerOut | None = Field(description="Null when not answerable; passages come all the same.")
    passages: list[PassageOut]
    timings_ms: dict[str, float] = Field(description="Milliseconds per stage, and `total`.")
    generation: str = Field(description="The state of the index that answered.")
    question_id: str | None = Field(
        None, description="Names the question for `POST /v1/feedback`; only where the service keeps a question log."
    )
    explain: dict[str, Any] | None = Field(
        None,
        description="Only when asked for: the question's words, their coverage, and for each passage in order what"
        " `/v1/explain` tells of it (`legs` with a `rank` of what they nominated, `fused`, `refined`, `features`,"
        " `calibration`), with `matches`, the spans of the question's words; `reading` with history, `filters` and"
        " `freshness` with these.",
    )


class OutcomeOut(Out):
    """What became of one article."""

    id: str
    outcome: OutcomeStatus
    reason: str | None = Field(description="Why it was rejected, or what is worth knowing.")
    passages: int = Field(ge=0)


class ArticlesResponse(Out):
    """Every article's outcome, in the order given; durable and searchable."""

    collection: str
    articles: list[OutcomeOut]


class JobOut(Out):
    """A durable background ingest; counts are of articles."""

    id: str
    collection: str
    state: JobState
    total: int = Field(ge=0)
    done: int = Field(ge=0)
    articles: list[OutcomeOut] = Field(description="Outcomes so far, in the order given.")
    error: str | None
    created_at: str
    finished_at: str | None


class JobResponse(Out):
    """A job and its progress."""

    job: JobOut


class ArticleSummaryOut(Out):
    """One article without its text."""

    id: str
    title: str | None
    url: str | None
    published_at: str | None
    metadata: dict[str, Any]
    sha256: str = Field(description="Of the bytes as they were handed in.")
    content_type: str
    encoding: str
    characters: int = Field(ge=0, description="Code points of the original text.")
    passages: int = Field(ge=0)
    ingested_at: str


class ArticleListResponse(Out):
    """A page of a collection's articles in id order."""

    collection: str
    articles: list[ArticleSummaryOut]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last one.")


class StoredPassageOut(SpanOut):
    """A passage's place in the original text."""

    passage_id: str
    sentences: list[SpanOut] = Field(description="What is searched of it.")
    omitted: list[SpanOut] = Field(description="Page furniture in it, which is not searched.")


class ChangeOut(SpanOut):
    """One repair: `before` stands in the original text, the search sees `after`."""

    kind: str = Field(description="mojibake, markup, space, pinyin, glyph, doubled or welded.")
    before: str
    after: str = Field(description="Empty for a deletion.")
    reason: str


class OmissionOut(SpanOut):
    """A part of the original text that is not searched."""

    reason: str


class AuditOut(Out):
    """What was done to the article on the way in."""

    notes: list[str] = Field(description="How its bytes became the original text, where that is worth knowing.")
    changes: list[ChangeOut] = Field(description="Repairs, by place; one may change what an earlier one put there.")
    omitted: list[OmissionOut] = Field(description="Page furniture, by place.")


class ArticleResponse(ArticleSummaryOut):
    """One article with its original text; here `passages` lists them."""

    text: str = Field(description="The original text, before any repair, unless `text_form=repaired` was asked for.")
    passages: list[StoredPassageOut]  # type: ignore[assignment]
    audit: AuditOut


class CollectionOut(Out):
    """A collection's size and the generation now served."""

    name: str
    articles: int = Field(ge=0)
    passages: int = Field(ge=0)
    generation: str
    created_at: str


class CollectionsResponse(Out):
    """Every collection."""

    collections: list[CollectionOut]


class CollectionResponse(Out):
    """The collection that is there now."""

    name: str
    created: bool = Field(description="False when it existed before.")


class HealthResponse(Out):
    """The process runs."""

    status: str


class ReadinessResponse(Out):
    """Questions can be answered. Who may not see more gets `ready` and `status` only."""

    ready: bool
    status: str
    warnings: list[str] = Field(default=[], description="What is wrong though questions can be answered.")
    checks: dict[str, bool] = Field(default={}, description="What was looked at, and whether it is well.")


class FieldProblemOut(Out):
    """One thing that is wrong."""

    field: str | None = Field(description="Where, such as `articles[3].id`; null when it is about no field.")
    problem: str
    remedy: str | None = Field(description="What to do about it.")


class Problem(Out):
    """An RFC 9457 problem document, the shape of every error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:qa-service:problem:invalid-input",
                    "title": "Invalid input",
                    "status": 422,
                    "detail": "top_k: must be a whole number",
                    "instance": "urn:qa-service:request:4b7c1d",
                    "errors": [
                        {
                            "field": "top_k",
                            "problem": "must be a whole number",
                            "remedy": "write it without quotes, fraction or exponent",
                        }
                    ],
                }
            ]
        }
    )

    type: str = Field(description="A stable name of the kind of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Names this request; the same id is in `X-Request-ID` and in the server's log.")
    errors: list[FieldProblemOut]
