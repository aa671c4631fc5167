"""What `/v1/explain` takes and gives, for the document and for pydantic."""

from __future__ import annotations

from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from qa_service.explanation import Stage
from qa_service.http import fields
from qa_service.http.fields import wrong
from qa_service.http.responses import Out, SpanOut
from qa_service.http.schemas import QuestionRequest


class ExplainRequest(QuestionRequest):
    """A question, and the article or the passage that it is about: exactly one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "流感疫苗在哪里接种？", "article_id": "night-bus"},
                {"question": "When does the night bus run?", "passage_id": "411e6cb96469ef11f5684a280e9a02db"},
            ]
        }
    )

    article_id: fields.ArticleId | None = Field(
        None, description="Explain the article's passage that gets furthest with the question."
    )
    passage_id: str | None = Field(None, min_length=1, max_length=200, description="Explain this passage.")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.article_id is None) == (self.passage_id is None):
            problem = "has both article_id and passage_id" if self.article_id else "names no article or passage"
            raise wrong(problem, "give exactly one of article_id and passage_id")
        return self


class VerdictOut(Out):
    """What became of the passage."""

    stage: Stage = Field(
        description="Where it fell out: `not_searched` (nothing of it is searched), `filtered` (the question's filter"
        " leaves it out), `not_nominated` (no leg has it among its 100 best), `outranked` (scored, but behind top_k),"
        " `copy` (another result stands for it) or, where it did not, `returned`."
    )
    rank: int | None = Field(description="Among the results of `/v1/ask`, at a larger top_k if need be; else null.")
    score: float | None = Field(description="As `/v1/ask` gives it at that rank; null without a rank.")
    reason: str = Field(description="The same in a sentence.")


class LegOut(Out):
    """How one leg saw the passage."""

    rank: int | None = Field(
        description="Among all passages that the question may find, equal scores sharing one. Null without a score"
        " (BM25 0), and for what the leg did not nominate in a collection too large to count on."
    )
    score: float = Field(description="A cosine, or BM25.")
    nominated: bool = Field(description="Whether the leg has it among its best, about 100.")
    cutoff_score: float | None = Field(description="The score of the leg's last nominated passage.")


class LegsOut(Out):
    """The three legs."""

    window: LegOut = Field(description="Cosine of the question and the passage as a whole.")
    sentence: LegOut = Field(description="Cosine of the question and the passage's best sentence.")
    bm25: LegOut = Field(description="BM25 of the question's words.")


class StandingOut(Out):
    """A score and its rank among the candidates that have one."""

    rank: int = Field(ge=1)
    score: float


class MissingWordOut(Out):
    """A word of the question that the passage lacks."""

    word: str
    idf: float = Field(description="What it weighs: the rarer in the collection, the more.")
    known: bool = Field(description="Whether any passage of the collection has it.")


class BestSentenceOut(SpanOut):
    """The sentence nearest to the question."""

    cosine: float
    text: str


class AccountOut(Out):
    """A passage at every stage; all null for what is not searched."""

    legs: LegsOut | None
    fused: StandingOut | None = Field(description="The legs' scores together; of a passage that no leg nominated, too.")
    refined: StandingOut | None = Field(description="The learned score of the best 20; null for the others.")
    reranker: StandingOut | None = Field(description="The reranker's score of what it read; null without one.")
    features: dict[str, float] | None = Field(description="What the learned score is made of, by name.")
    calibration: dict[str, float] | None = Field(
        description="What the probability is made of, by name; null for what was no candidate."
    )
    matched_idf_share: float | None = Field(description="Share of the question's IDF mass in the passage.")
    history_bonus: float | None = Field(description="What the conversation's articles gain.")
    freshness_bonus: float | None = Field(description="What freshness added; null when not asked for.")
    missing_words: list[MissingWordOut] | None = Field(description="The weightiest first.")
    best_sentence: BestSentenceOut | None


class StoodForByOut(Out):
    """The result that stands for the passage."""

    article_id: str
    passage_id: str
    rank: int = Field(ge=1)
    score: float


class StandsForOut(SpanOut):
    """A place that the passage stands for, in its article's original."""

    article_id: str


class CopiesOut(Out):
    """Copies on either side."""

    stood_for_by: StoodForByOut | None
    stands_for: list[StandsForOut]


class FailedConditionOut(Out):
    """A comparison of the filter that the article fails."""

    key: str
    type: str
    values: list[str] = Field(description="What the article has for the key, at most five values.")


class FirstOut(AccountOut):
    """The same of the passage that came first, for comparison."""

    article_id: str
    passage_id: str
    score: float


class ExplainResponse(AccountOut):
    """Why an article or a passage is among the results of a question, or at which stage it fell out."""

    question: str
    collection: str
    article_id: str
    passage_id: str | None = Field(description="The passage explained; null for an article of which none is searched.")
    result: VerdictOut
    copies: CopiesOut | None
    failed_conditions: list[FailedConditionOut] = Field(description="Of the filter, when it left the article out.")
    question_words: list[str]
    coverage: float = Field(ge=0, le=1, description="Share of the question's IDF mass that the collection knows.")
    lexical_weight: float = Field(description="How much BM25 counts, for this coverage.")
    candidates: int = Field(ge=0, description="Passages that were scored.")
    reading: dict[str, Any] | None = Field(description="How a question with history was understood.")
    first: FirstOut | None = Field(description="Null when the question has no result.")
    generation: str = Field(description="The state of the index that answered.")
