"""Why an article or a passage is among a question's results or is not: the values that `/v1/explain` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal

Stage = Literal["not_searched", "filtered", "not_nominated", "outranked", "copy", "returned"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: an article or a passage, exactly one of them, by id."""

    article_id: str | None = None
    passage_id: str | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """How one leg saw a passage.

    `rank` counts from 1 among all passages that the question may find; equal scores share one. None when the passage
    has no score in the leg, or is not among those it nominated and was not counted further. `cutoff_score` is that of
    the last nominated passage, None without any.
    """

    rank: int | None
    score: float
    nominated: bool
    cutoff_score: float | None


@dataclass(frozen=True, slots=True)
class Legs:
    """The three legs: cosine of the window, cosine of the best sentence, BM25."""

    window: Leg
    sentence: Leg
    bm25: Leg


@dataclass(frozen=True, slots=True)
class Standing:
    """A score and its rank among those that have one."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class MissingWord:
    """A word of the question that the passage lacks; `known`: whether any passage of the collection has it."""

    word: str
    idf: float
    known: bool


@dataclass(frozen=True, slots=True)
class BestSentence:
    """The sentence nearest to the question, in the offsets of the original."""

    start: int
    end: int
    cosine: float
    text: str


@dataclass(frozen=True, slots=True)
class Account:
    """A passage at every stage.

    Attributes:
        fused: with the rank that its score has among the candidates; of a passage that was none, the score on their
            scale. None where there is no candidate.
        refined, reranker: None for what was not among the best of the stage before.
        features: what the refinement weighs, by name.
        calibration: what the score is made of, by name; None for a passage that was no candidate.
        matched_idf_share: share of the question's IDF mass in the passage.
        history_bonus: what earlier questions added to the fused and the refined score.
        freshness_bonus: what freshness added to the score that the order goes by; None when it was not asked for.
    """

    legs: Legs
    fused: Standing | None
    refined: Standing | None
    reranker: Standing | None
    features: Mapping[str, float]
    calibration: Mapping[str, float] | None
    matched_idf_share: float
    history_bonus: float
    freshness_bonus: float | None


@dataclass(frozen=True, slots=True)
class Closeup:
    """What a passage has of the question; `missing_words` with the weightiest first."""

    missing_words: tuple[MissingWord, ...]
    best_sentence: BestSentence


@dataclass(frozen=True, slots=True)
class StoodForBy:
    """The result that stands for a passage."""

    article_id: str
    passage_id: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class StandsFor:
    """A place that a result stands for, in its article's original."""

    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies on either side of a passage."""

    stood_for_by: StoodForBy | None = None
    stands_for: tuple[StandsFor, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """A comparison of the question's filter that the article fails, and the values that it has for the key."""

    key: str
    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """At which stage the passage fell out, or its rank; `reason` is a sentence for people.

    `rank` and `score` are those of `/v1/ask`, at a larger top_k if need be; None for what is no result of its own.
    """

    stage: Stage
    rank: int | None
    score: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class First:
    """The passage that came first, for comparison."""

    article_id: str
    passage_id: str
    score: float
    account: Account
    closeup: Closeup


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything `/v1/explain` returns.

    `account` and `closeup` are None for what is not searched. `reading` tells how a question with history was
    understood.
    """

    question: str
    collection: str
    article_id: str
    passage_id: str | None
    result: Verdict
    question_words: tuple[str, ...]
    coverage: float
    lexical_weight: float
    candidates: int
    account: Account | None = None
    closeup: Closeup | None = None
    copies: Copies | None = None
    failed_conditions: tuple[FailedCondition, ...] = ()
    reading: Mapping[str, object] | None = None
    first: First | None = None
    generation: str = field(default="empty")


def account_to_dict(account: Account | None) -> dict[str, object]:
    """Give the JSON fields of an account; all null without one."""
    if account is None:
        return dict.fromkeys(one.name for one in fields(Account))
    return asdict(account)


def explanation_to_dict(explanation: Explanation) -> dict[str, object]:
    """Give the body of `POST /v1/explain`, in the documented order of fields."""
    first = explanation.first
    return {
        "question": explanation.question,
        "collection": explanation.collection,
        "article_id": explanation.article_id,
        "passage_id": explanation.passage_id,
        "result": asdict(explanation.result),
        **_passage(explanation.account, explanation.closeup),
        "copies": asdict(explanation.copies) if explanation.copies else None,
        "failed_conditions": [asdict(one) for one in explanation.failed_conditions],
        "question_words": list(explanation.question_words),
        "coverage": explanation.coverage,
        "lexical_weight": explanation.lexical_weight,
        "candidates": explanation.candidates,
        "reading": dict(explanation.reading) if explanation.reading is not None else None,
        "first": None
        if first is None
        else {
            "article_id": first.article_id,
            "passage_id": first.passage_id,
            "score": first.score,
            **_passage(first.account, first.closeup),
        },
        "generation": explanation.generation,
    }


def _passage(account: Account | None, closeup: Closeup | None) -> dict[str, object]:
    seen: dict[str, object] = {"missing_words": None, "best_sentence": None}
    return {**account_to_dict(account), **(asdict(closeup) if closeup else seen)}
