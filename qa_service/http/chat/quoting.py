"""The extractive answer: what the articles say, in their own words, with the number of the source behind each quote."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qa_service.http.chat.formatting import escaped, one_line
from qa_service.http.chat.phrases import Phrases
from qa_service.types import RankedPassage, Result

MOST_QUOTES = 3
NEAR = 0.02
"""Score below which a passage is not worth a reader's time, even as the nearest that there is."""
SURE = 0.5
"""Confidence below which an answer is said to be uncertain: it is wrong more often than right there."""
_LONGEST_QUOTE = 400


def quoted_passages(result: Result, threshold: float) -> tuple[RankedPassage, ...]:
    """Choose the passages that an answer quotes, always the first ones.

    Parameters:
        result: as the engine gave it.
        threshold: the score from which a passage counts as an answer of its own. Without an answer, the nearest
            passages are quoted, if any is near.
    """
    if result.answer is None:
        return tuple(one for one in result.passages[:MOST_QUOTES] if one.score >= NEAR)
    return tuple(one for one in result.passages[:MOST_QUOTES] if one.rank == 1 or one.score >= threshold)


def quotation(
    result: Result, quoted: tuple[RankedPassage, ...], phrases: Phrases, *, empty: bool, markdown: bool = True
) -> Iterator[str]:
    """Write the answer in pieces, each as soon as it could be shown.

    Parameters:
        result: as the engine gave it.
        quoted: its passages to quote; their ranks are the numbers of the marks.
        phrases: the fixed phrases.
        empty: whether the collection has no article.
        markdown: False gives the answer or the refusal alone, as plain text, for a page that shows the passages.
    """
    write: Callable[[str], str] = escaped if markdown else one_line
    if result.answer is None:
        yield phrases.none if result.passages else phrases.empty if empty else phrases.nothing
        if quoted and markdown:
            yield f"\n\n{phrases.nearest}"
            yield from _quotes(quoted, write)
        return
    if markdown:
        yield hedge(result, phrases)
    yield write(result.answer.text)
    yield " [1]"
    if len(quoted) > 1 and markdown:
        yield f"\n\n{phrases.also}"
        yield from _quotes(quoted[1:], write)


def hedge(result: Result, phrases: Phrases) -> str:
    """Say before an answer that it is not certain, where it is not; else nothing."""
    return f"{phrases.unsure}\n\n" if result.confidence < SURE else ""


def _quotes(passages: tuple[RankedPassage, ...], write: Callable[[str], str]) -> Iterator[str]:
    for passage in passages:
        yield f"\n\n> {write(best_sentence(passage))} [{passage.rank}]"


def best_sentence(passage: RankedPassage) -> str:
    """Give a passage's best sentence or two, cut where one is very long."""
    text = passage.best or passage.text
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
