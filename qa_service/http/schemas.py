"""What requests look like; unknown fields and other types than those named are refused."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.types import FailFast

from qa_service.attributes import MAX_TITLE_CHARS
from qa_service.http import fields
from qa_service.http.fields import wrong
from qa_service.http.filter_schemas import FilterIn, FreshnessIn
from qa_service.http.history_schemas import HistoryIn
from qa_service.http.strict_body import Body
from qa_service.library import MAX_PAGE
from qa_service.types import TextForm

MAX_TOP_K = 50


class Query(BaseModel):
    """Query or path parameters: values arrive as strings, unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class QuestionRequest(Body):
    """A question for one collection, with what decides its results."""

    question: fields.Question
    collection: fields.Collection = "default"
    top_k: int = Field(5, ge=1, le=MAX_TOP_K, description="How many passages to return at most.")
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Confidence from which the question counts as answerable; null takes the server's setting.",
    )
    text_form: TextForm | None = Field(
        None,
        description="Text of the answer and the passages: `original`, or `repaired`, which a person or a language model"
        " reads better. Offsets are the original's in either. Null takes the server's setting.",
    )
    filters: FilterIn = None
    freshness: FreshnessIn | None = Field(
        None, description="Prefer newer passages. Never changes whether the question counts as answerable."
    )
    history: HistoryIn | None = None


class AskRequest(QuestionRequest):
    """A question for one collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "流感疫苗在哪里接种？"},
                {
                    "question": "When does the night bus run?",
                    "collection": "default",
                    "top_k": 3,
                    "min_confidence": 0.6,
                },
                {
                    "question": "流感疫苗在哪里接种？",
                    "filters": {
                        "type": "and",
                        "filters": [
                            {"type": "in", "key": "topic", "value": ["health", "notice"]},
                            {"type": "gte", "key": "published_at", "value": "now-1y"},
                        ],
                    },
                    "freshness": {"half_life_days": 30},
                },
                {
                    "question": "那周末呢？",
                    "history": [
                        {"role": "user", "content": "夜间门诊平时几点开？"},
                        {"role": "assistant", "content": "夜间门诊的时间为周一至周五17:30至21:00。"},
                    ],
                },
            ]
        }
    )

    explain: bool = Field(False, description="Add how each passage came by its score.")


class ArticleIn(Body):
    """One article with exactly one of `text`, `html` and `content_base64`."""

    id: fields.ArticleId | None = Field(None, description="Left out, the SHA-256 of the article's bytes.")
    title: str | None = Field(None, max_length=MAX_TITLE_CHARS, description="Shown with its passages.")
    text: str | None = Field(None, description="Plain text.")
    html: str | None = Field(None, description="An HTML document; its main text is extracted.")
    content_base64: fields.Base64 | None = None
    content_type: fields.ContentType | None = None
    url: fields.Url | None = None
    published_at: fields.Date | None = None
    metadata: fields.Metadata | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        given = [name for name in ("text", "html", "content_base64") if getattr(self, name) is not None]
        if len(given) != 1:
            problem = f"has {' and '.join(given)}" if given else "has no content"
            raise wrong(problem, "give exactly one of text, html and content_base64")
        if (self.content_type is None) == (given == ["content_base64"]):
            problem = "has content_base64 without content_type" if self.content_type is None else "has content_type"
            raise wrong(problem, "give content_type with content_base64, and only there")
        return self


class ArticlesRequest(Body):
    """Articles to add or replace, as JSON."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "articles": [
                        {
                            "id": "night-bus",
                            "title": "Night bus N8",
                            "text": "From 1 May the night bus N8 runs every 20 minutes until 3 a.m.",
                            "url": "https://example.org/n8",
                            "published_at": "2024-04-20",
                            "metadata": {"topic": "transport"},
                        }
                    ]
                }
            ]
        }
    )

    # Stops at the first wrong article: a report of thousands helps nobody.
    articles: Annotated[list[ArticleIn], FailFast()] = Field(
        min_length=1, description="At most 100 articles or 8 MB; more with `async=true`."
    )


class ArticleFiles(BaseModel):
    """Articles as files; each file's name, or its path within a folder, is its article's id."""

    files: list[Annotated[str, Field(json_schema_extra={"format": "binary"})]] = Field(
        description="One part per article; its media type, or else the suffix of its name, says how it is read."
    )


class CollectionQuery(Query):
    """Which collection is meant."""

    collection: fields.Collection = "default"


class AddQuery(CollectionQuery):
    """Where articles go, and whether to wait for them."""

    background: bool = Field(
        False, alias="async", description="Answer 202 with a durable job at once instead of waiting for the articles."
    )


class ArticleQuery(CollectionQuery):
    """Which article's collection is meant, and how its text is wanted."""

    text_form: TextForm = Field(
        "original", description="Form of `text`; offsets refer to the original text, whatever the form."
    )


class ListQuery(CollectionQuery):
    """Which part of a listing is wanted."""

    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Articles per page.")
    cursor: str | None = Field(None, max_length=4096, description="`next_cursor` of the page before.")


class ArticlePath(Query):
    """An article in the path."""

    article_id: fields.ArticleId = Field(
        description="The article's id, percent-encoded, its slashes too (`%2F`).",
        json_schema_extra={"example": "night-bus"},
    )


class CollectionPath(Query):
    """A collection in the path."""

    name: fields.Collection = Field(json_schema_extra={"example": "news"})


class JobPath(Query):
    """A job in the path."""

    job_id: str = Field(max_length=200, description="The job's id.")
