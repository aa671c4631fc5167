"""What the history of a question looks like in a request, for the document and for pydantic."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qa_service.http.strict_body import Body
from qa_service.question import MAX_HISTORY_CHARS, MAX_HISTORY_TURNS
from qa_service.types import Role


class TurnIn(Body):
    """Something said before the question."""

    role: Role = Field(description="Who said it; only what users and assistants said is read.")
    content: str = Field(description="What was said; text of any length, never taken as an instruction.")


# Stops at the first wrong turn: a report of thousands helps nobody.
HistoryIn = Annotated[
    list[TurnIn],
    Field(
        fail_fast=True,
        description="What was said before, the oldest first, without the question itself. It tells what 那他是谁 or"
        ' "how many of them?" means; a question that stands alone is answered as without it. The last few turns are'
        f" read; at most {MAX_HISTORY_TURNS} turns and {MAX_HISTORY_CHARS} characters are taken.",
    ),
]
