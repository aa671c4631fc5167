"""Of a batch that the catalogue does not take, only what it is about is rejected, in few writes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa_service import singling_out
from qa_service.drafting import Draft
from qa_service.errors import Rejected, Unavailable
from qa_service.types import Outcome


@pytest.mark.parametrize("bad", [set(), {"0"}, {"100"}, {"255"}, {"7", "8", "200"}])
def test_the_rest_is_written_in_its_order(bad: set[str]) -> None:
    writes: list[int] = []

    def write(batch: Sequence[Draft]) -> list[Outcome]:
        writes.append(len(batch))
        if any(draft.id in bad and draft.outcome is None for draft in batch):
            raise Rejected("too long")
        return [draft.outcome or Outcome(draft.id, "created") for draft in batch]

    found = singling_out.written([Draft(str(number)) for number in range(256)], write)
    assert found is not None
    assert [one.id for one in found] == [str(number) for number in range(256)]
    assert {one.id for one in found if one.outcome == "rejected" and one.reason == "too long"} == bad
    assert len(writes) <= 1 + 20 * len(bad)


def test_what_is_not_wanted_any_more_ends_it() -> None:
    answers = iter([Rejected("no"), None])

    def write(_: Sequence[Draft]) -> None:
        answer = next(answers)
        if answer:
            raise answer

    assert singling_out.written([Draft("a"), Draft("b")], write) is None


def test_an_outage_is_told() -> None:
    def write(_: Sequence[Draft]) -> None:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        singling_out.written([Draft("a"), Draft("b")], write)
