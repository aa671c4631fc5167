"""What every repair step gives back: the repaired text with its map, and the changes that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from qa_service.audit import Change
from qa_service.text.offsets import MappedText

__all__ = ["Change", "Step", "compose", "edited", "unchanged"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step's outcome: `mapped` leads from the repaired text to the step's input, as do the changes' offsets."""

    mapped: MappedText
    changes: tuple[Change, ...]


def unchanged(text: str) -> Step:
    """Give the outcome of a step that found nothing."""
    return Step(MappedText.identity(text), ())


def edited(text: str, changes: Iterable[Change]) -> Step:
    """Carry out changes on a text.

    Parameters:
        text: the step's input.
        changes: in any order; of two that overlap, the later one is dropped.

    Returns:
        The outcome; its changes are in order, disjoint, and each does change something.
    """
    kept: list[Change] = []
    pieces: list[tuple[str, int, int]] = []
    position = 0
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        if change.start < position or change.before == change.after:
            continue
        pieces.append((text[position : change.start], position, change.start))
        pieces.append((change.after, change.start, change.end))
        kept.append(change)
        position = change.end
    if not kept:
        return unchanged(text)
    pieces.append((text[position:], position, len(text)))
    return Step(MappedText.from_pieces(pieces, len(text)), tuple(kept))


def compose(text: str, steps: Sequence[Callable[[str], Step]]) -> Step:
    """Run steps one after the other and express all their changes in offsets of `text`.

    Returns:
        The last text with its map to `text`, and the changes by place; a change of text that an earlier step
        put there spans what that step replaced.
    """
    mapped = MappedText.identity(text)
    changes: list[Change] = []
    for step in steps:
        outcome = step(mapped.text)
        for change in outcome.changes:
            span = mapped.to_source(change.start, change.end)
            changes.append(replace(change, start=span.start, end=span.end, before=text[span.start : span.end]))
        if outcome.changes:
            mapped = mapped.then(outcome.mapped)
    return Step(mapped, tuple(sorted(changes, key=lambda change: (change.start, change.end))))
