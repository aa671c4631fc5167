"""Cuts a sentence that is longer than a passage may be at the best places inside it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import regex

from qa_service.text.split import trimmed
from qa_service.types import Span

Counter = Callable[[Sequence[Span]], Sequence[int]]

# Aimed at, so that moving a cut to a good place rarely puts a piece over the limit.
_FILL = 0.8
_REACH = 0.12
_CLOSERS = r"[\p{Pe}\p{Pf}\"]*"
# Best first; the text may be cut where a match ends.
_PUNCTUATION = (
    regex.compile(rf"[；;。！？!?…།]{_CLOSERS}"),
    regex.compile(rf"(?:[，、：؛،︰]|[,:](?=[\s\p{{Han}}])){_CLOSERS}"),
    regex.compile(r"\s+"),
)
_EXTENDS = regex.compile(r"[\p{M}\p{Grapheme_Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]")
_LETTER = regex.compile(
    r"(?V1)[[\p{L}\p{N}\p{M}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"
)
# A flag between flags is named apart: for one, \X looks back to where the run of them begins.
_GRAPHEME = regex.compile(r"\p{RI}{2}(?=\p{RI})|\X")


def cut_long(text: str, sentences: Sequence[Span], count: Counter, limit: int) -> tuple[list[Span], list[int]]:
    """Replace every sentence over the limit by pieces within it.

    Places of cuts, best first: after a full stop or semicolon, after other clause punctuation, at a space,
    between words, between graphemes; inside a grapheme only when it is over the limit by itself.

    Parameters:
        text: the original text.
        sentences: trimmed spans of it in order.
        count: gives the model tokens of each of many spans.
        limit: the most tokens a piece may have.

    Returns:
        Spans in order, trimmed, each within the limit, and their token counts.

    Errors:
        ValueError: a single code point is over the limit.
    """
    spans = list(sentences)
    counts = list(count(spans))
    while any(tokens > limit for tokens in counts):
        cut = [
            [span] if tokens <= limit else _pieces(text, span, tokens, limit)
            for span, tokens in zip(spans, counts, strict=True)
        ]
        fresh = iter(count([piece for pieces in cut if len(pieces) > 1 for piece in pieces]))
        counts = [
            tokens if len(pieces) == 1 else next(fresh)
            for pieces, tokens in zip(cut, counts, strict=True)
            for _ in pieces
        ]
        spans = [piece for pieces in cut for piece in pieces]
    return spans, counts


def _pieces(text: str, span: Span, tokens: int, limit: int) -> list[Span]:
    """Cut one sentence into two or more pieces of about equal length."""
    length = span.end - span.start
    if length < 2:
        raise ValueError(f"one code point has {tokens} tokens, over the limit of {limit}")
    parts = min(length, max(2, math.ceil(tokens / (_FILL * limit))))
    reach = max(1, int(_REACH * length / parts))
    edges: list[int] = []
    places = {span.start, span.end}
    for part in range(1, parts):
        target = span.start + length * part // parts
        near = (max(span.start + 1, target - reach), min(span.end, target + reach))
        place = _after_punctuation(text, near, target)
        if place is None:
            edges = edges or [match.end() for match in _GRAPHEME.finditer(text, span.start, span.end)]
            place = _between_graphemes(text, edges, near, target)
        places.add(place)
    if len(places) == 2:
        # All one grapheme: nothing is left but to cut inside it.
        places.add(span.start + length // 2)
    pieces = (trimmed(text, start, end) for start, end in pairwise(sorted(places)))
    return [piece for piece in pieces if piece is not None]


def _after_punctuation(text: str, near: tuple[int, int], target: int) -> int | None:
    """Find the place of the best kind, and of those the one nearest to the target."""
    for pattern in _PUNCTUATION:
        ends = (match.end() for match in pattern.finditer(text, *near))
        place = _nearest((end for end in ends if end < near[1] and not _EXTENDS.match(text[end])), target)
        if place is not None:
            return place
    return None


def _between_graphemes(text: str, edges: list[int], near: tuple[int, int], target: int) -> int:
    """Find the nearest edge of a grapheme, between words if one is within reach; `edges` ends with the span's end."""
    first, last = bisect_left(edges, near[0]), bisect_left(edges, near[1])
    between = (edge for edge in edges[first:last] if not (_LETTER.match(text[edge - 1]) and _LETTER.match(text[edge])))
    place = _nearest(between, target)
    if place is not None:
        return place
    index = bisect_left(edges, target)
    around = edges[max(0, index - 1) : index + 1]
    return min(around, key=lambda edge: abs(edge - target))


def _nearest(places: Iterable[int], target: int) -> int | None:
    return min(places, key=lambda place: abs(place - target), default=None)
