"""What is wrong with an answer of a service whose Milvus and PostgreSQL come and go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster_ledger import Ledger
from load_articles import text
from load_client import Answer

PROBLEM = "application/problem+json"


def refusal_fault(answer: Answer) -> str | None:
    """Tell what is wrong with a refusal; None for a 503 that says why."""
    if answer.status != 503:
        return f"status {answer.status}: {answer.body[:200]!r}"
    if not answer.headers.get("content-type", "").startswith(PROBLEM):
        return f"a 503 of {answer.headers.get('content-type')}"
    body = answer.json()
    if not (body.get("status") == 503 and body.get("detail")):
        return f"a 503 that does not say why: {answer.body[:200]!r}"
    return None


def answer_faults(ledger: Ledger, answer: Answer, number: int, version: int) -> list[str]:
    """Tell what is wrong with an answer to the question for a version of an article by its word.

    Returns:
        One line for each passage of a text that was not there at any moment between question and answer, and one when
        the article was there all that time and is not shown.
    """
    found, faults = set(), []
    for passage in answer.json()["passages"]:
        shown = int(passage["article_id"])
        found.update((shown, *(int(copy["article_id"]) for copy in passage["also_in"])))
        allowed = ledger.allowed(shown, answer.asked, answer.came)
        if not any(_is_of(passage, shown, one) for one in allowed if one is not None):
            named = sorted(map(str, allowed))
            faults.append(f"article {shown}: {passage['text'][:60]!r} is of none of its versions {named}")
    if ledger.allowed(number, answer.asked, answer.came) == {version} and number not in found:
        faults.append(f"article {number}, version {version}, was not found by its word")
    return faults


def held_fault(ledger: Ledger, number: int, held: str | None) -> str | None:
    """Tell what is wrong with the text that is kept of an article, None where it is gone; None for nothing."""
    allowed = ledger.held(number)
    if held is None and None not in allowed:
        return f"article {number} is lost: it should have one of {sorted(map(str, allowed))}"
    if held is not None and held not in {text(number, one) for one in allowed if one is not None}:
        return f"article {number} has {held[:60]!r}, which is none of {sorted(map(str, allowed))}"
    return None


def _is_of(passage: Mapping[str, Any], number: int, version: int) -> bool:
    return bool(passage["text"] == text(number, version)[passage["start"] : passage["end"]])
