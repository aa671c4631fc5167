"""What counts as a question."""

from __future__ import annotations

import unicodedata

from qa_service.errors import BadInput

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
