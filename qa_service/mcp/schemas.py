"""What the tools take and give, as a language model reads it: the descriptions are part of the tools."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TOP_K = 50
MAX_SLICE = 8000
"""Most code points of an article that one call gives: some 8,000 tokens of Chinese, fewer of English."""
_COLLECTION = "Name of the collection to look in; list_collections gives the names."


class Arguments(BaseModel):
    """The arguments of a tool: unknown names and values of other types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(Arguments):
    """Something said before."""

    role: Literal["user", "assistant"]
    content: str


class SearchArguments(Arguments):
    """A question."""

    question: str = Field(min_length=1, description="The question, as a whole sentence, in any language.")
    collection: str = Field("default", description=_COLLECTION)
    top_k: int = Field(5, ge=1, le=MAX_TOP_K, description="How many passages to give at most.")
    filters: dict[str, Any] | None = Field(
        None,
        description="Only articles that it admits are searched: a comparison"
        ' {"type": "eq"|"ne"|"gt"|"gte"|"lt"|"lte"|"in"|"nin"|"contains"|"not_contains"|"starts_with"|"ends_with"'
        '|"empty"|"not_empty"|"before"|"after", "key": ..., "value": ...} on title, url, published_at, article_id or'
        ' a metadata key, or several as {"type": "and"|"or", "filters": [...]}.'
        ' Example: {"type": "gte", "key": "published_at", "value": "now-1y"}.',
    )
    history: list[Turn] | None = Field(
        None, description="The conversation before a follow-up question, the oldest first, without the question."
    )
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Confidence from which an answer is given; left out, the service decides."
    )


class ReadArguments(Arguments):
    """Which part of which article."""

    article_id: str = Field(min_length=1, description="The article_id of a passage or a copy.")
    collection: str = Field("default", description=_COLLECTION)
    start: int = Field(0, ge=0, description="Where to begin, counted in Unicode code points.")
    end: int | None = Field(
        None, ge=1, description=f"Where to end; left out, and at most, {MAX_SLICE} code points after start."
    )


class ListArguments(Arguments):
    """Nothing."""


class AnswerOut(BaseModel):
    """The sentence or two that answer."""

    text: str
    article_id: str
    start: int
    end: int


class PassageOut(BaseModel):
    """A passage of an article; start and end are offsets into the article's text, in Unicode code points."""

    rank: int
    score: float = Field(description="Probability that the passage answers the question.")
    article_id: str
    title: str | None
    url: str | None
    published_at: str | None
    text: str
    start: int
    end: int
    also_in: list[str] = Field(description="Ids of up to 5 other articles that say the same.")


class SearchOutput(BaseModel):
    """The passages that best answer a question."""

    answerable: bool = Field(description="Whether the passages are likely enough to answer the question.")
    confidence: float = Field(description="Probability that the first passage answers.")
    answer: AnswerOut | None = Field(description="Quoted from the first passage; null when not answerable.")
    passages: list[PassageOut] = Field(description="The likeliest first.")


class ArticleOut(BaseModel):
    """A part of an article."""

    article_id: str
    title: str | None
    url: str | None
    published_at: str | None
    metadata: dict[str, Any] | None = Field(description="Null when it is too long to show.")
    characters: int = Field(description="Length of the whole article in Unicode code points.")
    start: int
    end: int
    text: str = Field(description="The article's text from start to end.")
    next_start: int | None = Field(description="Give it as start to read on; null at the article's end.")


class CollectionOut(BaseModel):
    """A collection and its size."""

    name: str
    articles: int
    passages: int


class CollectionsOutput(BaseModel):
    """Every collection."""

    collections: list[CollectionOut]
