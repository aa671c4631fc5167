"""What was done to an article's text on the way in: repairs, edits, and what is left out of the search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One repair of a text, for the audit.

    Attributes:
        kind: the step that made it: mojibake, markup, space, pinyin, glyph, doubled, welded.
        start, end: code-point offsets into the text before it; equal for an insertion.
        before: what stood there, `text[start:end]`.
        after: what the search sees instead; empty for a deletion.
        reason: why, in a few words.
    """

    kind: str
    start: int
    end: int
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of an original text, `original[start:end]`, and what stands for it in the repaired text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Omission:
    """A stretch of an original text that is not searched, and why: page furniture."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was done to an article on the way in; all offsets are the original text's.

    Attributes:
        notes: what was done to the bytes to make the original text of them, a sentence each.
        changes: the repairs, by place; one may change what an earlier one put there.
        omitted: what is not searched, by place.
    """

    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    omitted: tuple[Omission, ...] = ()
