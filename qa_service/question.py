"""What counts as a question, and as the history of one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import get_args

from qa_service.errors import BadInput
from qa_service.types import Role, Turn

MAX_HISTORY_TURNS = 1000
MAX_HISTORY_CHARS = 1_000_000
_ALLOWED_CONTROLS = "\t\n\r"


def check_question(question: str, max_chars: int) -> str:
    """Return a question that can be asked.

    Errors:
        BadInput: it is empty or holds no letter or digit, is too long, or holds control characters or lone surrogates.
    """
    if len(question) > max_chars:
        raise BadInput(
            f"it has {len(question)} characters, {max_chars} are allowed",
            field="question",
            remedy="ask a shorter question",
        )
    if not any(map(str.isalnum, question)):
        problem = "it holds no letter or digit" if question.strip() else "it is empty"
        raise BadInput(problem, field="question", remedy="ask something")
    for place, char in enumerate(question):
        category = unicodedata.category(char)
        if category == "Cs" or (category == "Cc" and char not in _ALLOWED_CONTROLS):
            kind = "a lone surrogate" if category == "Cs" else "a control character"
            raise BadInput(f"it holds {kind} (U+{ord(char):04X}) at {place}", field="question", remedy="remove it")
    return question


def check_history(history: Sequence[Turn]) -> None:
    """Refuse a history that cannot be read; what its turns hold is never wrong, since little of it is used.

    Errors:
        BadInput: it has more turns or characters than are taken, or a role that is not known.
    """
    if len(history) > MAX_HISTORY_TURNS:
        raise BadInput(
            f"it has {len(history)} turns, {MAX_HISTORY_TURNS} are allowed",
            field="history",
            remedy="leave out the oldest: only the last few are read",
        )
    for place, turn in enumerate(history):
        if turn.role not in get_args(Role):
            raise BadInput(
                f"{turn.role[:40]!r} is not a known role",
                field=f"history[{place}].role",
                remedy=f"use one of {', '.join(get_args(Role))}",
            )
    chars = sum(len(turn.content) for turn in history)
    if chars > MAX_HISTORY_CHARS:
        raise BadInput(
            f"it has {chars} characters, {MAX_HISTORY_CHARS} are allowed",
            field="history",
            remedy="leave out the oldest turns: only the last few are read",
        )
