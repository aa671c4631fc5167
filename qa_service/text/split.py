"""Sentences of Chinese, Latin and other scripts, as spans of the original text."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from qa_service.text.sentence_ends import TERMINATORS, ends_sentence
from qa_service.types import Span

SPLITTER_VERSION = "split-1"
ZERO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
LONG = 120
"""A sentence over this many code points may also end at a semicolon, or in Thai and its kin at a space."""

_LEAST_PIECE = 40
_BRACKETS_HOLD = 80
_BRACKETS = dict(zip(")）]］】}｝〕〗》〉", "(（[［【{｛〔〖《〈", strict=True))

_LINE = regex.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CLOSERS = r"\p{Pe}\p{Pf}＂\p{M}\u200d"
_END = regex.compile(rf"[{TERMINATORS}]++[{TERMINATORS}{_CLOSERS}]*+")
_TAIL = regex.compile(rf"[{TERMINATORS}{_CLOSERS}]*+")
_TERMINATOR = regex.compile(rf"[{TERMINATORS}]")
_BRACKET = regex.compile(r"[()（）\[\]［］【】{}｛｝〔〕〖〗《》〈〉]")
_URL = regex.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>\"“”‘’「」()（）《》【】，。；、！？\p{Han}]*[\p{L}\p{N}/=&#%_-]", regex.I
)
_UNSPACED = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LONG_ENDS = regex.compile(rf"；|;(?=\s|[^\x00-\x7f])|(?<=[{_UNSPACED}])\s+(?=[{_UNSPACED}])|[།༎]+|{_END.pattern}")

_Place = tuple[int, int]


def split_sentences(text: str) -> list[Span]:
    """Split a text into sentences.

    A line end always ends a sentence; terminators of any script do, with the quotes and brackets they close,
    but not inside brackets of up to 80 code points, in URLs, numbers, abbreviations and list markers.

    Parameters:
        text: the original text.

    Returns:
        Spans in order, disjoint, neither empty nor with white space or zero-width characters at their edges;
        together they hold every other character.
    """
    spans: list[Span] = []
    for line in _LINE.finditer(text):
        held = _held(text, line.start(), line.end())
        for start, end in _sentences(text, line.start(), line.end(), held):
            span = trimmed(text, start, end)
            if span is None:
                continue
            if span.end - span.start <= LONG:
                spans.append(span)
            else:
                pieces = _pieces(text, span, held)
                spans.extend(piece for place in pieces if (piece := trimmed(text, *place)) is not None)
    return spans


def is_blank(char: str) -> bool:
    """Whether a character is white space or has no width."""
    return char.isspace() or char in ZERO_WIDTH


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Narrow a place to what is between white space and zero-width characters; None when nothing is."""
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return Span(start, end) if start < end else None


def _sentences(text: str, start: int, end: int, held: list[_Place]) -> Iterator[_Place]:
    """Cut one line at the terminators that end a sentence."""
    begin = start
    hold = iter(held)
    inner, outer = next(hold, (end, end))
    for first, stop in _candidates(_END, text, start, end):
        while outer <= first:
            inner, outer = next(hold, (end, end))
        if inner <= first and not _closes(text, begin, inner, outer, stop):
            continue
        if ends_sentence(text, begin, first, stop, end):
            yield begin, stop
            begin = stop
    yield begin, end


def _candidates(pattern: regex.Pattern[str], text: str, start: int, end: int) -> Iterator[_Place]:
    """Find the pattern, each time with the straight quotes that it closes."""
    counted = start
    quotes = 0
    for match in pattern.finditer(text, start, end):
        if match.start() < counted:
            continue
        quotes += text.count('"', counted, match.end())
        counted = stop = match.end()
        while stop < end and text[stop] in "\"'" and _is_closing(text, stop, end, quotes):
            quotes += text[stop] == '"'
            counted = stop = _TAIL.match(text, stop + 1, end).end()
        yield match.start(), stop


def _is_closing(text: str, place: int, end: int, quotes: int) -> bool:
    """Whether a straight quote right after a terminator belongs to it: space follows, or a double one is open."""
    return place + 1 == end or text[place + 1].isspace() or (text[place] == '"' and quotes % 2 == 1)


def _closes(text: str, begin: int, inner: int, outer: int, stop: int) -> bool:
    """Whether a terminator in brackets ends the sentence after all: they hold all of it, or another one follows."""
    if stop < outer:
        return False
    alone = text[inner] in "(（[［【〔" and inner - begin <= _BRACKETS_HOLD and not text[begin:inner].strip()
    return alone or _TERMINATOR.search(text, outer, stop) is not None


def _pieces(text: str, span: Span, held: list[_Place]) -> Iterator[_Place]:
    """Cut a long sentence at its weaker ends, into pieces that are not too short."""
    begin = span.start
    hold = iter(held)
    inner, outer = next(hold, (span.end, span.end))
    for first, stop in _candidates(_LONG_ENDS, text, span.start, span.end):
        while outer <= first:
            inner, outer = next(hold, (span.end, span.end))
        if inner <= first or stop - begin < _LEAST_PIECE:
            continue
        if not _TERMINATOR.match(text[first]) or ends_sentence(text, begin, first, stop, span.end, lenient=True):
            yield begin, stop
            begin = stop
    yield begin, span.end


def _held(text: str, start: int, end: int) -> list[_Place]:
    """Find URLs and short pairs of brackets, where sentences do not end; merged and in order."""
    places = [match.span() for match in _URL.finditer(text, start, end)]
    opened: dict[str, list[int]] = {}
    for match in _BRACKET.finditer(text, start, end):
        opening = _BRACKETS.get(match[0])
        if opening is None:
            opened.setdefault(match[0], []).append(match.start())
        elif opened.get(opening):
            first = opened[opening].pop()
            if match.end() - first <= _BRACKETS_HOLD:
                places.append((first, match.end()))
    merged: list[_Place] = []
    for place in sorted(places):
        if merged and place[0] < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], place[1]))
        else:
            merged.append(place)
    return merged
