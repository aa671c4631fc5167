"""What requests and answers of embeddings, vector stores and rerank look like, for the document and for pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from qa_service.http.fields import Flag
from qa_service.http.filter_schemas import FilterIn
from qa_service.http.lenient_body import LenientBody
from qa_service.http.responses import Out
from qa_service.http.schemas import MAX_TOP_K, Query


def _as_given(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    # Read by the route itself, which names the one text of many that is wrong.
    return value


Texts = Annotated[str | list[str], WrapValidator(_as_given)]


class ErrorOut(Out):
    """What is wrong."""

    message: str
    type: Literal["invalid_request_error", "requests", "server_error"]
    param: str | None = Field(description="The field it is about, such as `input[3]`.")
    code: str | None = Field(description="A stable name, such as `invalid_api_key` or `model_not_found`.")


class OpenAIError(Out):
    """An error as clients of the OpenAI API read it."""

    error: ErrorOut


class EmbeddingsRequest(LenientBody):
    """Texts to be embedded. Fields not named here are ignored."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "multilingual-e5-small-query", "input": "流感疫苗在哪里接种？"}]}
    )

    model: str = Field(
        description="The embedding model's name, with `-query` for questions and `-passage`, or nothing, for what is"
        " searched: the two are encoded differently."
    )
    input: Texts = Field(
        description="A text or a list of up to 2,048, not empty, of a million characters in all. What is over the"
        " model's limit (512 tokens for the default one) is cut off. Token ids are refused, for they are another"
        " model's: LangChain sends text with `check_embedding_ctx_length=False`."
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="`base64` gives each vector as little-endian float32."
    )
    dimensions: int | None = Field(None, description="The model's own dimension, if any: vectors cannot be shortened.")


class EmbeddingOut(Out):
    """The vector of one text, of unit length."""

    object: Literal["embedding"]
    index: int = Field(ge=0)
    embedding: list[float] | str


class EmbeddingUsage(Out):
    """Tokens of the texts as the model counts them, what it cuts off included."""

    prompt_tokens: int = Field(ge=0)
    total_tokens: int = Field(ge=0)


class EmbeddingsResponse(Out):
    """A vector for each text, in order."""

    object: Literal["list"]
    model: str
    data: list[EmbeddingOut]
    usage: EmbeddingUsage


class VectorStorePath(Query):
    """A collection in the path."""

    store_id: str = Field(description="Name of the collection.", json_schema_extra={"example": "default"})


class RankingOptions(LenientBody):
    """How results are chosen; `ranker` is ignored."""

    score_threshold: float | None = Field(
        None, ge=0, le=1, allow_inf_nan=False, description="Results of a lower score are left out."
    )


class VectorStoreSearchRequest(LenientBody):
    """A question to a vector store, which is a collection. Fields not named here are ignored, `rewrite_query` too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "流感疫苗在哪里接种？",
                    "max_num_results": 5,
                    "filters": {"type": "eq", "key": "topic", "value": "health"},
                }
            ]
        }
    )

    query: Texts = Field(
        description="A question, or up to 8, whose results are merged: a passage has its best score for any of them."
    )
    max_num_results: int | None = Field(None, ge=1, le=MAX_TOP_K, description="10 without it.")
    filters: FilterIn = None
    ranking_options: RankingOptions | None = None


class TextContent(Out):
    """A passage's text."""

    type: Literal["text"]
    text: str


class SearchResult(Out):
    """A passage."""

    file_id: str = Field(description="The article's id.")
    filename: str = Field(description="The article's title, or its id if it has none.")
    score: float = Field(ge=0, le=1, description="Probability that the passage answers the question, as in `/v1/ask`.")
    attributes: dict[str, str | float | bool] = Field(
        description="The article's metadata, what is nested in it as JSON text, with `passage_id`, `start`, `end` and,"
        " where there are such, `url` and `published_at`. A key that the article's own metadata shares with these comes"
        " as `metadata.KEY`."
    )
    content: list[TextContent]


class VectorStoreSearchResponse(Out):
    """The passages, best first; all are on one page."""

    object: Literal["vector_store.search_results.page"]
    search_query: list[str]
    data: list[SearchResult]
    has_more: bool
    next_page: str | None


class DocumentText(LenientBody):
    """A document as an object; its other fields are ignored."""

    text: str


class RerankRequest(LenientBody):
    """A question and the documents to put in order. Fields not named here are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "qa-rerank",
                    "query": "When does the night bus run?",
                    "documents": ["The museum opens at nine.", "The night bus runs until 3 a.m."],
                    "top_n": 1,
                }
            ]
        }
    )

    model: str = Field(min_length=1, max_length=256, description="Any name: there is one ranking. It comes back.")
    query: str = Field(description="The question, in any language.")
    documents: Annotated[list[str | DocumentText], WrapValidator(_as_given)] = Field(
        description="1 to 1,000, of 500,000 characters in all. A blank one scores 0, a long one as its best passage."
    )
    top_n: int | None = Field(None, ge=1, description="How many results to return at most; all without it.")
    return_documents: Flag | None = Field(None, description="Whether results repeat their documents.")


class RerankResult(Out):
    """A document's place in the order."""

    index: int = Field(ge=0, description="Its place in the request.")
    relevance_score: float = Field(
        ge=0,
        le=1,
        description="Probability that it answers the question, seen beside the other documents; never above that of a"
        " better one.",
    )
    document: DocumentText | None = Field(None, description="Only when asked for.")


class RerankUsage(Out):
    """Tokens of question and documents as the model counts them."""

    total_tokens: int = Field(ge=0)


class BilledUnits(Out):
    """A search unit is a question with up to 100 documents."""

    search_units: int = Field(ge=1)


class RerankMeta(Out):
    """What the request amounts to."""

    billed_units: BilledUnits


class RerankResponse(Out):
    """The documents, best first; of equal ones the first in the request."""

    id: str
    model: str
    results: list[RerankResult]
    usage: RerankUsage
    meta: RerankMeta


INTAKE: list[type[BaseModel]] = [EmbeddingsRequest, VectorStoreSearchRequest, RerankRequest]
OUTPUT: list[type[BaseModel]] = [EmbeddingsResponse, VectorStoreSearchResponse, RerankResponse, OpenAIError]
