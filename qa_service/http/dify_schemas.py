"""What Dify's external knowledge requests and answers look like, for the document and for pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from qa_service.filters.dify import OPERATORS
from qa_service.http.fields import Flag
from qa_service.http.lenient_body import LenientBody
from qa_service.http.responses import Out
from qa_service.http.schemas import MAX_TOP_K

_Scalar = str | float | bool


class Condition(LenientBody):
    """A condition on the metadata of an article, or on its own `document_id`, `title`, `url` or `published_at`."""

    name: str | list[str] = Field(description="A metadata key, dots leading into nested objects; older versions: keys.")
    comparison_operator: str = Field(json_schema_extra={"enum": list(OPERATORS)})
    value: _Scalar | list[_Scalar] | None = Field(None, description="Left out for `empty` and `not empty`.")


class MetadataCondition(LenientBody):
    """Conditions that an article must meet for its passages to be searched."""

    logical_operator: Literal["and", "or"] | None = Field(None, description="How they are joined; null is `and`.")
    conditions: list[Condition] | None = Field(None, description="Null or none: every article is searched.")


def _as_given(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    # The one parser of conditions checks them, and names the place deep inside that is wrong.
    return value


class RetrievalSetting(LenientBody):
    """How much is wanted."""

    top_k: int | None = Field(
        None, ge=1, description=f"How many records to return at most: 5 without it, never more than {MAX_TOP_K}."
    )
    score_threshold: float | None = Field(
        None, ge=0, le=1, allow_inf_nan=False, description="Records of a lower score are left out; 0 or null: none is."
    )
    score_threshold_enabled: Flag | None = Field(None, description="False switches the threshold off.")


class RetrievalRequest(LenientBody):
    """A question to a knowledge, which is a collection. Fields not named here are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "knowledge_id": "default",
                    "query": "流感疫苗在哪里接种？",
                    "retrieval_setting": {"top_k": 3, "score_threshold": 0.2},
                    "metadata_condition": {
                        "logical_operator": "and",
                        "conditions": [{"name": "topic", "comparison_operator": "is", "value": "health"}],
                    },
                }
            ]
        }
    )

    knowledge_id: str = Field(description="Name of the collection.")
    query: str = Field(description="The question, in any language.")
    retrieval_setting: RetrievalSetting | None = None
    metadata_condition: Annotated[MetadataCondition | None, WrapValidator(_as_given)] = None


class RecordOut(Out):
    """A passage."""

    content: str
    score: float = Field(ge=0, le=1, description="Probability that the passage answers the question, as in `/v1/ask`.")
    title: str = Field(description="The article's title, or its id if it has none.")
    metadata: dict[str, Any] = Field(
        description="The article's metadata with `document_id`, `passage_id`, `collection`, `start` and `end` of the"
        " passage in the article's text, and, where there are such, `url`, `published_at` and `also_in`, the ids of"
        " articles that say the same. A key that the article's own metadata shares with these, or with the `title`,"
        " `score`, `dataset_id` and `dataset_name` that Dify puts there, comes as `metadata.KEY`, the name that"
        " conditions know it by."
    )


class RetrievalResponse(Out):
    """The records, best first."""

    records: list[RecordOut]


class DifyError(Out):
    """An error as Dify reads it."""

    error_code: int = Field(
        description="1001 malformed Authorization, 1002 key refused, 2001 no such knowledge; else the HTTP status."
    )
    error_msg: str
