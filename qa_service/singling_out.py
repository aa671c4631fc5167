"""One article that the catalogue does not take is rejected by itself: those beside it in its batch are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qa_service.drafting import Draft
from qa_service.errors import Rejected
from qa_service.types import Outcome

Write = Callable[[Sequence[Draft]], list[Outcome] | None]
"""Writes a batch in one transaction, and gives what became of each; None when it is not wanted any more."""


def written(batch: Sequence[Draft], write: Write) -> list[Outcome] | None:
    """Write a batch together; where that is rejected, its halves, and theirs, down to the article that it is about."""
    try:
        return write(batch)
    except Rejected as error:
        if len(batch) == 1:
            [draft] = batch
            return write([Draft(draft.id, Outcome(draft.id, "rejected", str(error)))])
    outcomes: list[Outcome] = []
    for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
        found = written(half, write)
        if found is None:
            return None
        outcomes.extend(found)
    return outcomes
