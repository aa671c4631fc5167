"""A repaired text as edits of its original: small enough to keep, and enough to repair any slice of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np

from qa_service.audit import Edit
from qa_service.text.offsets import MappedText


def edits_of(original: str, repaired: MappedText) -> tuple[Edit, ...]:
    """Find what a repair replaced.

    Parameters:
        original: the source.
        repaired: made from it.

    Returns:
        Edits in order, disjoint, never empty on both sides; all of them together give the repaired text.
    """
    if repaired.text == original:
        return ()
    size = len(repaired.text)
    starts = np.arange(size) if repaired.starts is None else repaired.starts.astype(np.int64)
    ends = starts + 1 if repaired.ends is None else repaired.ends.astype(np.int64)
    # Characters that stand for one of the original, and no other does, are fixed points; the rest lies between them.
    real = np.flatnonzero(starts < ends)
    alone = ends[real] - starts[real] == 1
    alone[1:] &= starts[real][1:] >= ends[real][:-1]
    alone[:-1] &= ends[real][:-1] <= starts[real][1:]
    places = np.concatenate([[-1], real[alone], [size]])
    sources = np.concatenate([[-1], starts[real[alone]], [len(original)]])
    between = np.flatnonzero((np.diff(places) > 1) | (np.diff(sources) > 1))
    points = zip(
        sources[between].tolist(), sources[between + 1].tolist(), places[between], places[between + 1], strict=True
    )
    edits = [Edit(first + 1, last, repaired.text[int(a) + 1 : int(b)]) for first, last, a, b in points]
    replaced = _points(repaired.text)[places[1:-1]] != _points(original)[sources[1:-1]]
    for place, source in zip(places[1:-1][replaced].tolist(), sources[1:-1][replaced].tolist(), strict=True):
        edits.append(Edit(source, source + 1, repaired.text[place]))
    return tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))


def repaired_slice(original: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    """Give the repaired form of `original[start:end]`.

    An edit belongs to the slice that holds its start, an insertion to the one that ends there, so that the slices of
    a text, put together, are its repaired text.

    Parameters:
        original: the source of the edits.
        start, end: offsets into it.
        edits: all of the article, in order, as `edits_of` gives them.
    """
    return "".join(text for text, _, _ in _pieces(original, start, end, edits))


def repaired_text(original: str, edits: Sequence[Edit]) -> str:
    """Give the whole repaired text."""
    return repaired_slice(original, 0, len(original), edits)


def mapped_slice(original: str, start: int, end: int, edits: Sequence[Edit]) -> MappedText:
    """Give the repaired form of a slice, as `repaired_slice` does, with its map to the whole original."""
    return MappedText.from_pieces(_pieces(original, start, end, edits), len(original))


def _pieces(original: str, start: int, end: int, edits: Sequence[Edit]) -> Iterator[tuple[str, int, int]]:
    position = start
    first = bisect_left(edits, start, key=lambda edit: edit.start)
    # The edit before may reach into the slice; what it replaced belongs to the slice before.
    if first and edits[first - 1].end > start:
        position = min(edits[first - 1].end, end)
    for edit in edits[first:]:
        if edit.start > end or (edit.start == end and edit.end > end):
            break
        if edit.start == edit.end == start > 0:
            continue
        yield original[position : edit.start], position, edit.start
        position = min(edit.end, end)
        yield edit.text, edit.start, position
    yield original[position:end], position, end


def _points(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
