"""Passages as the comparison of copies sees them: outlines from what is stored of them, wordings from their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import regex

from qa_service.index.copies import Outline
from qa_service.index.wording import Tokens, Wording, words_of
from qa_service.lazy import lazy
from qa_service.retrieval.texts import ArticleText, Texts
from qa_service.store.packing import unpack_units
from qa_service.store.passages import Candidate
from qa_service.text.prints import NO_PRINT
from qa_service.text.units import OMITTED
from qa_service.types import Span

_AROUND = 200
"""Characters read before and after a passage, for a sentence that it has only a part of."""
_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True)
class Stretch:
    """Passages of one article that follow one another, as one."""

    passages: Sequence[Candidate]

    @lazy
    def spans(self) -> Sequence[Span]:
        """The searched sentences that have letters, in the original."""
        return [span for span, _, _ in self._sentences]

    @lazy
    def outline(self) -> Outline:
        """What is stored of them."""
        return Outline([number for _, number, _ in self._sentences], [length for _, _, length in self._sentences])

    def place(self, passage: Candidate, sentence: int) -> int:
        """Find one of a passage's sentences among those of the stretch; -1 when it has no letters."""
        span = passage.spans()[sentence]
        return self.spans.index(span) if span in self.spans else -1

    def wording(self, texts: Texts) -> Wording:
        """Read their text."""
        text = texts.of(self.passages[0].article)
        first, last = self.passages[0].start, self.passages[-1].end
        around = (max(0, first - _AROUND), first), (last, min(len(text.original), last + _AROUND))
        before, after = (_Words(text, start, end) for start, end in around)
        return Wording(_Sentences(text, self.spans), before, after, _swaps(text))

    @lazy
    def _sentences(self) -> Sequence[tuple[Span, int, int]]:
        return [sentence for passage in self.passages for sentence in _sentences_of(passage)]


class _Words(Sequence[str]):
    """The words of a slice of an article, taken when they are asked for: most comparisons need few."""

    def __init__(self, text: ArticleText, start: int, end: int) -> None:
        self._slice = text, start, end

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._words[place]

    def __len__(self) -> int:
        return len(self._words)

    @lazy
    def _words(self) -> list[str]:
        text, start, end = self._slice
        return words_of(text.repaired(start, end))


class _Sentences(Sequence[Tokens]):
    """The words of sentences, each taken when it is asked for."""

    def __init__(self, text: ArticleText, spans: Sequence[Span]) -> None:
        self._words = [_Words(text, span.start, span.end) for span in spans]

    @overload
    def __getitem__(self, place: int) -> Tokens: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Tokens]: ...
    def __getitem__(self, place: int | slice) -> Tokens | Sequence[Tokens]:
        return self._words[place]

    def __len__(self) -> int:
        return len(self._words)


def _sentences_of(passage: Candidate) -> Iterator[tuple[Span, int, int]]:
    searched = (unit for unit in unpack_units(passage.units).tolist() if not unit[2] & OMITTED)
    for span, (number, length, _) in zip(passage.spans(), searched, strict=True):
        if number != NO_PRINT:
            yield span, number, length


def _swaps(text: ArticleText) -> int:
    """Count the different characters that the repair exchanged for a Han character."""
    glyphs = {
        before
        for edit in text.edits
        if edit.end - edit.start == len(edit.text)
        for before, after in zip(text.original[edit.start : edit.end], edit.text, strict=True)
        if before != after and _HAN.match(after)
    }
    return len(glyphs)
