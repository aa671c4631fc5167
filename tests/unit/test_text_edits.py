"""Edits: a repaired text can be put together from any partition of its original."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.edits import edits_of, mapped_slice, repaired_slice
from qa_service.text.offsets import MappedText
from qa_service.text.repair.steps import Change, compose, edited

ORIGINAL = "<b>责(zé)任重於泰山"


def test_edits_say_what_was_replaced_and_nothing_else() -> None:
    mapped = MappedText.from_pieces([("责", 3, 4), ("任。重", 8, 10), ("于", 10, 11), ("泰山", 11, 13)], len(ORIGINAL))
    edits = edits_of(ORIGINAL, mapped)
    assert [(edit.start, edit.end, edit.text) for edit in edits] == [
        (0, 3, ""),
        (4, 10, "任。重"),
        (10, 11, "于"),
    ]
    assert repaired_slice(ORIGINAL, 0, len(ORIGINAL), edits) == mapped.text
    assert repaired_slice(ORIGINAL, 3, 4, edits) == "责"


def test_an_insertion_belongs_to_the_slice_that_ends_there() -> None:
    mapped = MappedText.from_pieces([("甲乙", 0, 2), ("。", 2, 2), ("丙丁", 2, 4)], 4)
    edits = edits_of("甲乙丙丁", mapped)
    assert repaired_slice("甲乙丙丁", 0, 2, edits) == "甲乙。"
    assert repaired_slice("甲乙丙丁", 2, 4, edits) == "丙丁"


def test_an_unchanged_text_has_no_edits() -> None:
    assert edits_of("原文", MappedText.identity("原文")) == ()


@st.composite
def repairs(draw: st.DrawFn) -> tuple[str, MappedText]:
    original = draw(st.text(alphabet="abc甲乙。 \n𠀀", max_size=30))

    def step(text: str) -> object:
        places = draw(
            st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, 3), st.text("xyz甲", max_size=3)), max_size=4)
        )
        changes = (
            Change("test", start, min(start + width, len(text)), text[start : start + width], after, "")
            for start, width, after in places
        )
        return edited(text, changes)

    return original, compose(original, [step, step]).mapped  # type: ignore[list-item]


@given(repairs(), st.data())
def test_slices_of_a_partition_make_up_the_repaired_text(repair: tuple[str, MappedText], data: st.DataObject) -> None:
    original, mapped = repair
    edits = edits_of(original, mapped)
    assert all(edit.start < edit.end or edit.text for edit in edits)
    assert all(a.end <= b.start for a, b in pairwise(edits))
    cuts = sorted({0, len(original), *data.draw(st.lists(st.integers(0, len(original)), max_size=5))})
    slices = [repaired_slice(original, a, b, edits) for a, b in pairwise(cuts)]
    assert "".join(slices) == (mapped.text if original else "")


@given(repairs())
def test_a_mapped_slice_knows_the_whole_original(repair: tuple[str, MappedText]) -> None:
    original, mapped = repair
    edits = edits_of(original, mapped)
    start, end = len(original) // 3, len(original)
    found = mapped_slice(original, start, end, edits)
    assert found.text == repaired_slice(original, start, end, edits)
    span = found.to_source(0, len(found.text))
    assert span.start >= min(start, span.end)
    assert span.end <= end
