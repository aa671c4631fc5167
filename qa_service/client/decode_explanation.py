"""Makes the values of `qa_service.explanation` out of what `/v1/explain` gives."""

from __future__ import annotations

from qa_service.client.decode import JsonObject, Value, every, one
from qa_service.explanation import (
    Account,
    BestSentence,
    Closeup,
    Copies,
    Explanation,
    FailedCondition,
    First,
    Leg,
    Legs,
    MissingWord,
    Standing,
    StandsFor,
    StoodForBy,
    Verdict,
)


def explanation(body: JsonObject) -> Explanation:
    """Read what `/v1/explain` gives."""
    first = body["first"]
    return one(
        Explanation,
        body,
        result=one(Verdict, body["result"]),
        question_words=tuple(body["question_words"]),
        account=_account(body),
        closeup=_closeup(body),
        copies=_copies(body["copies"]),
        failed_conditions=tuple(
            one(FailedCondition, failed, values=tuple(failed["values"])) for failed in body["failed_conditions"]
        ),
        first=None if first is None else one(First, first, account=_account(first), closeup=_closeup(first)),
    )


def _account(body: JsonObject) -> Account | None:
    legs = body["legs"]
    if legs is None:
        return None
    return one(
        Account,
        body,
        legs=one(Legs, {name: one(Leg, leg) for name, leg in legs.items() if isinstance(leg, dict)}),
        fused=_perhaps(Standing, body["fused"]),
        refined=_perhaps(Standing, body["refined"]),
        reranker=_perhaps(Standing, body["reranker"]),
    )


def _closeup(body: JsonObject) -> Closeup | None:
    if body["best_sentence"] is None:
        return None
    return Closeup(every(MissingWord, body["missing_words"]), one(BestSentence, body["best_sentence"]))


def _copies(body: JsonObject | None) -> Copies | None:
    if body is None:
        return None
    return Copies(_perhaps(StoodForBy, body["stood_for_by"]), every(StandsFor, body["stands_for"]))


def _perhaps(cls: type[Value], body: JsonObject | None) -> Value | None:
    return None if body is None else one(cls, body)
