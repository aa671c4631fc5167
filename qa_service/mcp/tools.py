"""The tools: each a call of the service and the part of its answer that a language model needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from pydantic import BaseModel

from qa_service.client import Client
from qa_service.errors import BadInput, QAError
from qa_service.mcp.schemas import (
    MAX_SLICE,
    AnswerOut,
    Arguments,
    ArticleOut,
    CollectionOut,
    CollectionsOutput,
    ListArguments,
    PassageOut,
    ReadArguments,
    SearchArguments,
    SearchOutput,
)
from qa_service.types import RankedPassage

_MOST_COPIES = 5
_LONGEST_METADATA = 4000


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool's name and texts, the models of what it takes and gives, and what it does."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    output: type[BaseModel]
    run: Callable[[Client, Any], BaseModel]

    def definition(self) -> types.Tool:
        """Give the tool as the protocol lists it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.output.model_json_schema(mode="serialization"),
            annotations=types.ToolAnnotations(
                title=self.title,
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=False,
            ),
        )


def search(client: Client, given: SearchArguments) -> SearchOutput:
    """Ask the service a question."""
    result = client.ask(
        given.question,
        collection=given.collection,
        top_k=given.top_k,
        filters=given.filters,
        history=[turn.model_dump() for turn in given.history or ()],
        min_confidence=given.min_confidence,
    )
    answer = result.answer
    return SearchOutput(
        answerable=result.answerable,
        confidence=result.confidence,
        answer=None
        if answer is None
        else AnswerOut(text=answer.text, article_id=answer.article_id, start=answer.start, end=answer.end),
        passages=[_passage(passage) for passage in result.passages],
    )


def read_article(client: Client, given: ReadArguments) -> ArticleOut:
    """Read a part of an article.

    Errors:
        NotFound: there is no such article. BadInput: the part is not in the article.
    """
    try:
        article = client.article(given.article_id, collection=given.collection)
    except QAError as error:
        # The service counts by its own path; the caller knows the argument.
        error.field = "article_id" if error.field == "id" else error.field
        raise
    summary, length = article.summary, len(article.text)
    if given.start > max(length - 1, 0):
        raise BadInput(f"is {given.start}, but the article has {length} characters", field="start")
    if given.end is not None and given.end <= given.start:
        raise BadInput(f"is {given.end}, not after start ({given.start})", field="end")
    end = min(length, given.start + MAX_SLICE, length if given.end is None else given.end)
    return ArticleOut(
        article_id=summary.id,
        title=summary.title,
        url=summary.url,
        published_at=summary.published_at,
        metadata=_shown(summary.metadata),
        characters=length,
        start=given.start,
        end=end,
        text=article.text[given.start : end],
        next_start=end if end < length else None,
    )


def list_collections(client: Client, _: ListArguments) -> CollectionsOutput:
    """List the collections."""
    return CollectionsOutput(
        collections=[
            CollectionOut(name=one.name, articles=one.articles, passages=one.passages) for one in client.collections()
        ]
    )


TOOLS = (
    Tool(
        "search",
        "Search articles",
        "Ask a question of a collection of articles, mostly Chinese, in any language. Gives the passages that best"
        " answer it, with their sources, each with the probability that it answers, and a quoted answer when that is"
        " high enough. If answerable is false, the collection most likely has no answer: say so rather than guess."
        " Cite passages by title and url. For more of a passage's article, call read_article with its article_id.",
        SearchArguments,
        SearchOutput,
        search,
    ),
    Tool(
        "read_article",
        "Read an article",
        f"Read the text of an article, at most {MAX_SLICE} characters a call. For the surroundings of a passage, give"
        " a start somewhat before the passage's and an end somewhat after it. To read on, give next_start as start.",
        ReadArguments,
        ArticleOut,
        read_article,
    ),
    Tool(
        "list_collections",
        "List collections",
        "List the collections of articles that can be searched, with their sizes.",
        ListArguments,
        CollectionsOutput,
        list_collections,
    ),
)


def _passage(passage: RankedPassage) -> PassageOut:
    return PassageOut(
        rank=passage.rank,
        score=passage.score,
        article_id=passage.article_id,
        title=passage.title,
        url=passage.url,
        published_at=passage.published_at,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        also_in=list(dict.fromkeys(copy.article_id for copy in passage.also_in))[:_MOST_COPIES],
    )


def _shown(metadata: Mapping[str, object]) -> dict[str, Any] | None:
    return dict(metadata) if len(json.dumps(metadata, ensure_ascii=False)) <= _LONGEST_METADATA else None
