"""What was said before a question, reduced to what is read of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.retrieval.following.cues import is_small_talk
from qa_service.types import Turn

MAX_EXCHANGES = 4
"""Earlier questions that are read, the newest; what lies further back says little of the next."""
MAX_READ_TURNS = 40
"""Turns that are looked at, from the end: tools and thanks stand between questions."""
MAX_USER_CHARS = 400
MAX_ASSISTANT_CHARS = 1200


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question asked earlier and what was answered, empty without an answer."""

    question: str
    answer: str


def read_history(turns: Sequence[Turn], question: str = "") -> list[Exchange]:
    """Pair questions with answers, newest first.

    Only users and assistants are listened to. Thanks and greetings are left out with what they were answered; so are
    turns without a letter or digit. Of long turns the beginning is read, control characters and lone surrogates count
    as spaces.

    Parameters:
        turns: what was said, the oldest first.
        question: what is asked now; as the last turn, where some front ends repeat it, it is passed over.
    """
    exchanges: list[Exchange] = []
    answer = ""
    if turns and turns[-1].role == "user" and turns[-1].content.strip() == question.strip():
        turns = turns[:-1]
    for turn in reversed(turns[-MAX_READ_TURNS:]):
        if turn.role == "assistant":
            answer = answer or _cleaned(turn.content, MAX_ASSISTANT_CHARS)
        elif turn.role == "user":
            question = _cleaned(turn.content, MAX_USER_CHARS)
            if any(map(str.isalnum, question)):
                if not is_small_talk(question):
                    exchanges.append(Exchange(question, answer))
                answer = ""
            if len(exchanges) == MAX_EXCHANGES:
                break
    return exchanges


def _cleaned(text: str, longest: int) -> str:
    kept = (" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text[:longest])
    return " ".join("".join(kept).split())
