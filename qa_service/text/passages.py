"""Passages: consecutive whole sentences up to the encoder's limit, even in size, apart at paragraphs where possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from qa_service.text.breaks import Floats, Window, balanced_windows, halves
from qa_service.text.cut import cut_long
from qa_service.text.fold import encoder_fold
from qa_service.text.split import split_sentences
from qa_service.types import PassageSpans, Span

# Costs of a break, beside the squared share of the limit that a passage leaves unused.
_AT_BLANK_LINE = 0.0
_AT_LINE_END = 0.03
_IN_LINE = 0.12
_IN_SENTENCE = 0.4
_SAMPLED_WINDOWS = 16

CountTokens = Callable[[Sequence[str]], Sequence[int]]
_CountSpans = Callable[[Sequence[Span]], Sequence[int]]


def split_passages(
    text: str,
    count_tokens: CountTokens,
    limit: int = 480,
    fold: Callable[[str], str] = encoder_fold,
) -> list[PassageSpans]:
    """Divide a text into passages.

    Parameters:
        text: the original text.
        count_tokens: gives the model tokens of each text; called a few times with many.
        limit: the most tokens of a passage, counted on `fold(text[start:end])`.
        fold: what is done to a passage before it is encoded.

    Returns:
        Passages in order, disjoint, each of 1 to 1,024 sentences; [] for blank text. A sentence over the limit
        is cut, and its pieces count as sentences.

    Errors:
        ValueError: a single code point is over the limit.
    """

    def count(spans: Sequence[Span]) -> Sequence[int]:
        return count_tokens([fold(text[span.start : span.end]) for span in spans]) if spans else []

    whole = split_sentences(text)
    if not whole:
        return []
    sentences, tokens = cut_long(text, whole, count, limit)
    counts = np.asarray(tokens, dtype=np.float64)
    penalties = _penalties(text, sentences, {span.start for span in whole})
    shared = _shared_tokens(sentences, counts, limit, count)
    windows = _within(balanced_windows(counts, shared, penalties, limit), sentences, counts, penalties, limit, count)
    return [
        PassageSpans(sentences[first].start, sentences[end - 1].end, tuple(sentences[first:end]))
        for first, end in windows
    ]


def _within(
    windows: list[Window], sentences: list[Span], counts: Floats, penalties: Floats, limit: int, count: _CountSpans
) -> list[Window]:
    """Count each window as one text and break those over the limit, until none is."""
    settled: list[Window] = []
    while windows:
        tokens = count([_slice(sentences, window) for window in windows])
        over: list[Window] = []
        for window, number in zip(windows, tokens, strict=True):
            # A sentence alone was counted as it stands.
            if number <= limit or window[1] - window[0] == 1:
                settled.append(window)
            else:
                over.extend(halves(counts, penalties, window))
        windows = over
    return sorted(settled)


def _penalties(text: str, sentences: list[Span], whole: set[int]) -> Floats:
    """Price the break before each sentence by what lies there."""
    penalties = np.zeros(len(sentences))
    end = 0
    for index, span in enumerate(sentences):
        gap = text[end : span.start]
        lines = len(f"x{gap}x".splitlines()) if gap else 1
        if span.start not in whole:
            penalties[index] = _IN_SENTENCE
        elif lines == 1:
            penalties[index] = _IN_LINE
        else:
            penalties[index] = _AT_LINE_END if lines == 2 else _AT_BLANK_LINE
        end = span.end
    return penalties


def _shared_tokens(sentences: list[Span], counts: Floats, limit: int, count: _CountSpans) -> float:
    """Measure how many tokens a junction of two sentences saves, on the first windows that surely fit.

    A tokenizer may open every text with a token of its own, so that sums are over the count of the joined text.
    The least saving of any sample is taken.
    """
    if counts.sum() <= limit:
        return 0.0
    sample: list[Window] = []
    first, size = 0, 0.0
    for index, tokens in enumerate(counts.tolist()):
        if size + tokens > limit:
            if index - first > 1:
                sample.append((first, index))
            first, size = index, 0.0
        if len(sample) == _SAMPLED_WINDOWS:
            break
        size += tokens
    joined = count([_slice(sentences, window) for window in sample])
    return min(
        (
            (float(counts[first:end].sum()) - number) / (end - first - 1)
            for (first, end), number in zip(sample, joined, strict=True)
        ),
        default=0.0,
    )


def _slice(sentences: list[Span], window: Window) -> Span:
    return Span(sentences[window[0]].start, sentences[window[1] - 1].end)
