"""What a chat request looks like: the fields of the protocol that are read, and the service's own object `qa`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from qa_service.http.filter_schemas import FilterIn
from qa_service.http.lenient_body import LenientBody
from qa_service.http.schemas import MAX_TOP_K
from qa_service.http.strict_body import Body

Sources = Literal["annotations", "events", "result"]


class StreamOptions(LenientBody):
    """How a stream ends."""

    include_usage: bool | None = Field(None, description="Whether usage comes in a last chunk of its own.")


class ChatOptions(Body):
    """What this service can be asked for beyond the protocol; `extra_body={"qa": {...}}` in openai-python."""

    sources: Sources | None = Field(
        None,
        description="How sources are named: `annotations` with a Markdown list, `events` for Open WebUI, or `result`:"
        " the body of `POST /v1/ask` in an event of its own, before plain text.",
    )
    top_k: int = Field(5, ge=1, le=MAX_TOP_K, description="How many passages to find at most.")
    min_confidence: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="As in `POST /v1/ask`.")
    filters: FilterIn = None


class ChatRequest(LenientBody):
    """A conversation whose last message is the question. Fields not named here are taken and ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "qa-default",
                    "messages": [{"role": "user", "content": "流感疫苗在哪里接种？"}],
                    "stream": True,
                }
            ]
        }
    )

    model: str = Field(description="`qa-<collection>`; `qa-<collection>-webui` names sources as Open WebUI shows them.")
    messages: list[dict[str, Any]] = Field(
        description="What was said, the oldest first: `role` and `content`, a string or a list of text parts. Of the"
        " earlier messages, those of users and assistants tell what a follow-up means; system prompts change nothing."
    )
    stream: bool | None = Field(None, description="Whether the answer comes as server-sent events.")
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="1, if anything.")
    tools: list[Any] | None = Field(None, description="Taken and never called.")
    tool_choice: Any = Field(None, description="`auto` or `none`: this service calls no tools.")
    qa: ChatOptions | None = None
