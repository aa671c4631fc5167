"""Text that remembers where in its source each of its characters came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_service.types import Span

Offsets = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class MappedText:
    """A text derived from a source, with the source span of each of its characters.

    `starts` and `ends` (int32, one entry a character, both non-decreasing, read-only) hold those spans;
    both are None when each character stands in its source character's place. What the source has and the
    text lacks was deleted. An insertion, a character that no source character gave rise to, starts where
    the next other character does and ends where the one before it does, so it never widens a span.

    The two arrays are maps of boundaries: a span's start goes through `starts`, its end through `ends`.
    Composition is then composition of functions, so it is associative and has `identity` as its unit.

    Attributes:
        text: the derived text.
        starts, ends: the source spans, or None when places are unchanged.
        source_length: the length of the source in code points.
    """

    text: str
    starts: Offsets | None
    ends: Offsets | None
    source_length: int

    @classmethod
    def identity(cls, text: str) -> MappedText:
        """Map a text to a source of the same length, character by character; the source may be itself."""
        return cls(text, None, None, len(text))

    @classmethod
    def build(cls, text: str, starts: NDArray[np.integer], ends: NDArray[np.integer], source_length: int) -> MappedText:
        """Make a map from the spans of its characters, checked.

        Parameters:
            text: the derived text of n code points.
            starts, ends: integer arrays of length n, non-decreasing, within 0 and source_length; an
                insertion has an empty span.
            source_length: the source's length in code points.

        Errors:
            ValueError: the arrays have another length, run backwards, or leave the source.
        """
        if len(starts) != len(text) or len(ends) != len(text):
            raise ValueError(f"{len(text)} characters need as many spans, not {len(starts)} and {len(ends)}")
        for array in (starts, ends):
            if len(array) and (array[0] < 0 or array[-1] > source_length or bool(np.any(array[1:] < array[:-1]))):
                raise ValueError(f"spans must not run backwards or leave 0 to {source_length}")
        real = starts < ends
        if not real.all():
            starts = np.minimum.accumulate(np.where(real, starts, source_length)[::-1])[::-1]
            ends = np.maximum.accumulate(np.where(real, ends, 0))
        return cls(text, _frozen(starts), _frozen(ends), source_length)

    @classmethod
    def from_pieces(cls, pieces: Iterable[tuple[str, int, int]], source_length: int) -> MappedText:
        """Join pieces of text, each of which replaces one source span.

        Parameters:
            pieces: (text, start, end) in source order; a piece as long as its span maps character by
                character, any other maps each of its characters to the whole span.
            source_length: the source's length in code points.

        Errors:
            ValueError: the spans run backwards or leave the source.
        """
        texts: list[str] = []
        starts: list[NDArray[np.int32]] = []
        ends: list[NDArray[np.int32]] = []
        for text, start, end in pieces:
            texts.append(text)
            if len(text) == end - start:
                starts.append(np.arange(start, end, dtype=np.int32))
                ends.append(np.arange(start + 1, end + 1, dtype=np.int32))
            else:
                starts.append(np.full(len(text), start, dtype=np.int32))
                ends.append(np.full(len(text), end, dtype=np.int32))
        empty = [np.empty(0, dtype=np.int32)]
        return cls.build("".join(texts), np.concatenate(starts or empty), np.concatenate(ends or empty), source_length)

    @property
    def is_identity(self) -> bool:
        """Whether every character stands in its source character's place."""
        return self.starts is None

    def to_source(self, start: int, end: int) -> Span:
        """Find the smallest source span that covers `text[start:end]`.

        Parameters:
            start, end: code-point offsets into `text`, 0 <= start <= end <= len(text).

        Returns:
            The span in the source; empty for an empty span or for insertions alone.

        Errors:
            ValueError: the offsets are outside the text or the wrong way round.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"no span {start} to {end} in {len(self.text)} characters")
        if self.starts is None or self.ends is None:
            return Span(start, end)
        source_end = int(self.ends[end - 1]) if end else 0
        source_start = int(self.starts[start]) if start < end else source_end
        return Span(min(source_start, source_end), source_end)

    def then(self, later: MappedText) -> MappedText:
        """Compose with a step that was applied to this text.

        Parameters:
            later: a map whose source is this map's `text`.

        Returns:
            A map from `later.text` to this map's source.

        Errors:
            ValueError: `later` was made from a text of another length.
        """
        if later.source_length != len(self.text):
            raise ValueError(f"a step over {later.source_length} characters cannot follow {len(self.text)}")
        if later.starts is None or later.ends is None:
            return MappedText(later.text, self.starts, self.ends, self.source_length)
        if self.starts is None or self.ends is None:
            return later
        starts = np.append(self.starts, np.int32(self.source_length))[later.starts]
        ends = np.insert(self.ends, 0, np.int32(0))[later.ends]
        return MappedText(later.text, _frozen(starts), _frozen(ends), self.source_length)


def _frozen(array: NDArray[np.integer]) -> Offsets:
    """Copy into read-only int32."""
    copy = np.array(array, dtype=np.int32)
    copy.flags.writeable = False
    return copy
