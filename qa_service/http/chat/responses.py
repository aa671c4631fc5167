"""What the answers of models and chat look like, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from qa_service.http.chat.schemas import ChatRequest
from qa_service.http.responses import AskResponse, Out, SpanOut


class ModelOut(Out):
    """A collection, as a model that answers from it."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Seconds since 1970.")
    owned_by: str
    name: str = Field(description="What some clients display.")


class ModelsResponse(Out):
    """A model for each collection."""

    object: Literal["list"]
    data: list[ModelOut]


class UrlCitation(Out):
    """A source with a mark in the text; indexes count code points of the text."""

    url: str = Field(description="The article's URL, or else the page at its best sentence.")
    title: str
    start_index: int
    end_index: int


class AnnotationOut(Out):
    """One for each source that the text cites."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class MessageOut(Out):
    """The answer."""

    role: Literal["assistant"]
    content: str = Field(description="Markdown with marks such as [1], or plain text with `sources` of `result`.")
    refusal: None
    annotations: list[AnnotationOut]


class ChoiceOut(Out):
    """The only choice."""

    index: Literal[0]
    message: MessageOut
    logprobs: None
    finish_reason: Literal["stop"]


class UsageOut(Out):
    """Tokens as the embedding model counts them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class FoundOut(SpanOut):
    """A passage that was found, with the score that `POST /v1/ask` gives it."""

    passage_id: str
    article_id: str
    score: float


class RetrievalOut(Out):
    """What the answer rests on; left out of answers to background prompts."""

    answerable: bool
    confidence: float
    generated: bool = Field(description="Whether a generator worded the answer; else it is quoted.")
    passages: list[FoundOut]
    question_id: str | None = Field(None, description="As in the answer of `/v1/ask`.")


class ChatResponse(Out):
    """An answer. As a stream: chunks whose `choices[0].delta` has it piece by piece, then `[DONE]`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceOut]
    usage: UsageOut
    qa: RetrievalOut | None = None
    sources: list[dict[str, Any]] | None = Field(None, description="With `sources` of `events`: their data.")
    result: AskResponse | None = Field(None, description="With `sources` of `result`.")


INTAKE: list[type[BaseModel]] = [ChatRequest]
OUTPUT: list[type[BaseModel]] = [ModelOut, ModelsResponse, ChatResponse]
