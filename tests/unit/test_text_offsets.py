"""MappedText: an oracle of source positions per character, and the algebra of composition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.offsets import MappedText
from qa_service.types import Span

Edits = list[tuple[str, int]]
# A step: pieces of output, each standing for so many source characters; the rest of the source is deleted.
edits = st.lists(st.tuples(st.text("abX我😀", max_size=3), st.integers(0, 3)), max_size=8)


def apply(step: Edits, length: int) -> MappedText:
    """Read a step over a source of `length` characters; a piece of no source is an insertion, "" a deletion."""
    pieces = []
    place = 0
    for text, taken in step:
        end = min(length, place + taken)
        pieces.append((text, place, end))
        place = end
    return MappedText.from_pieces(pieces, length)


@st.composite
def chains(draw: st.DrawFn, steps: int) -> list[MappedText]:
    length = draw(st.integers(0, 12))
    maps = []
    for _ in range(steps):
        maps.append(apply(draw(edits), length))
        length = len(maps[-1].text)
    return maps


def arrays(mapped: MappedText) -> tuple[list[int], list[int]]:
    length = len(mapped.text)
    if mapped.starts is None or mapped.ends is None:
        return list(range(length)), list(range(1, length + 1))
    return mapped.starts.tolist(), mapped.ends.tolist()


def test_identity_maps_every_span_to_itself() -> None:
    mapped = MappedText.identity("a我😀")
    assert mapped.is_identity
    assert [mapped.to_source(i, j) for i in range(4) for j in range(i, 4)] == [
        Span(i, j) for i in range(4) for j in range(i, 4)
    ]


def test_a_replacement_maps_to_all_it_replaced_and_a_deletion_to_nothing() -> None:
    # "ab--cd" -> "XYZ" for "ab", "--" deleted, "cd" kept.
    mapped = MappedText.from_pieces([("XYZ", 0, 2), ("", 2, 4), ("cd", 4, 6)], 6)
    assert mapped.text == "XYZcd"
    assert mapped.to_source(1, 2) == Span(0, 2)
    assert mapped.to_source(2, 4) == Span(0, 5)
    assert mapped.to_source(3, 5) == Span(4, 6)
    assert mapped.to_source(4, 5) == Span(5, 6)


def test_an_insertion_has_an_empty_span_and_widens_no_other() -> None:
    # Source "ab---c": "." inserted where "---" was deleted.
    mapped = MappedText.from_pieces([("ab", 0, 2), (".", 2, 2), ("", 2, 5), ("c", 5, 6)], 6)
    assert mapped.to_source(2, 3) == Span(2, 2)
    assert mapped.to_source(1, 3) == Span(1, 2)
    assert mapped.to_source(2, 4) == Span(5, 6)


def test_a_text_of_insertions_alone_maps_to_an_empty_span() -> None:
    mapped = MappedText.from_pieces([("new", 0, 0)], 4)
    assert mapped.to_source(0, 3) == Span(0, 0)
    assert mapped.to_source(1, 1) == Span(0, 0)


def test_spans_outside_the_text_are_refused() -> None:
    mapped = MappedText.identity("abc")
    for start, end in ((-1, 1), (2, 1), (0, 4)):
        with pytest.raises(ValueError, match="no span"):
            mapped.to_source(start, end)


def test_arrays_that_do_not_fit_are_refused() -> None:
    for starts, ends in (([0], [1, 2]), ([1, 0], [1, 2]), ([0, 1], [1, 4]), ([-1, 0], [0, 1])):
        with pytest.raises(ValueError, match=r"spans|characters"):
            MappedText.build("ab", np.array(starts), np.array(ends), 3)


def test_a_step_over_another_text_cannot_follow() -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        MappedText.identity("abc").then(MappedText.identity("ab"))


def test_arrays_cannot_be_changed() -> None:
    mapped = MappedText.from_pieces([("X", 0, 2)], 2)
    assert mapped.starts is not None
    with pytest.raises(ValueError, match="read-only"):
        mapped.starts[0] = 1


@given(chains(1))
def test_a_span_is_the_smallest_that_covers_its_characters(maps: list[MappedText]) -> None:
    [mapped] = maps
    starts, ends = arrays(mapped)
    for start in range(len(mapped.text)):
        for end in range(start, len(mapped.text) + 1):
            covered = [(a, b) for a, b in zip(starts[start:end], ends[start:end], strict=True) if a < b]
            span = mapped.to_source(start, end)
            if covered:
                assert span == Span(min(a for a, _ in covered), max(b for _, b in covered))
            else:
                assert span.start == span.end <= mapped.source_length


@given(chains(2))
def test_composition_is_going_back_step_by_step(maps: list[MappedText]) -> None:
    first, second = maps
    both = first.then(second)
    assert both.text == second.text
    assert both.source_length == first.source_length
    for start in range(len(both.text)):
        for end in range(start + 1, len(both.text) + 1):
            middle = second.to_source(start, end)
            if middle.start < middle.end:
                assert both.to_source(start, end) == first.to_source(middle.start, middle.end)


@given(chains(3))
def test_composition_is_associative(maps: list[MappedText]) -> None:
    first, second, third = maps
    left, right = first.then(second).then(third), first.then(second.then(third))
    assert left.text == right.text
    assert arrays(left) == arrays(right)


@given(chains(1))
def test_identity_is_a_unit(maps: list[MappedText]) -> None:
    [mapped] = maps
    before = MappedText.identity("x" * mapped.source_length).then(mapped)
    after = mapped.then(MappedText.identity(mapped.text))
    for same in (before, after):
        assert same.text == mapped.text
        assert arrays(same) == arrays(mapped)


def test_a_step_that_keeps_places_still_changes_the_text() -> None:
    upper = MappedText.identity("ABC")
    assert MappedText.identity("abc").then(upper).text == "ABC"
    cut = MappedText.from_pieces([("", 0, 2), ("abc", 2, 5)], 5)
    assert cut.then(upper).text == "ABC"
    assert cut.then(upper).to_source(0, 1) == Span(2, 3)
