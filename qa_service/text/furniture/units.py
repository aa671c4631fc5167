"""The units of an article with what each says and where it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.text.furniture.evidence import LONGEST, Look, Observer
from qa_service.text.furniture.matching import fold_all, load_vocabulary
from qa_service.text.furniture.tiers import Tier
from qa_service.types import Span

_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LETTER = re.compile(r"[^\W_]")
_LONG = Look(None, Tier.NONE, size=float(LONGEST), stops=True, ends=True)
_EMPTY = Look("no words", Tier.ALONE)
_LEAST_STATEMENT = 6
_LEAST_PROSE = 28
"""In Han characters: what ends as a statement is prose from the first length on, anything from the second."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit.

    Attributes:
        look: what its text says.
        line: the number of its line; units of one line share it.
        whole: nothing else stands on its line.
    """

    look: Look
    line: int
    whole: bool

    @property
    def is_prose(self) -> bool:
        """Whether it is running text: a statement, or too long for a heading or an item of a list."""
        look = self.look
        if look.tier > Tier.HALF:
            return False
        return (
            look.size >= _LEAST_PROSE
            or (look.stops and look.size >= _LEAST_STATEMENT)
            or (not self.whole and look.ends and look.size >= _LEAST_STATEMENT)
        )


def read_units(text: str, sentences: Sequence[Span]) -> list[Unit]:
    """Look at every unit and number the lines.

    Parameters:
        text: the text the spans belong to.
        sentences: spans in order.
    """
    lines = _lines(text, sentences)
    raw = [
        " ".join(text[span.start : span.end].split()) if span.end - span.start <= LONGEST else None
        for span in sentences
    ]
    distinct = list(dict.fromkeys(unit for unit in raw if unit is not None))
    observer = Observer(load_vocabulary())
    looks: dict[str, Look] = {}
    if distinct:
        pairs = zip(distinct, fold_all(distinct), strict=True)
        looks = {unit: observer.look(unit, folded.strip()) for unit, folded in pairs}
    units = []
    last = len(sentences) - 1
    for index, (span, unit) in enumerate(zip(sentences, raw, strict=True)):
        look = _long(text, span) if unit is None else looks[unit]
        line = lines[index]
        whole = (index == 0 or lines[index - 1] != line) and (index == last or lines[index + 1] != line)
        units.append(Unit(look, line, whole))
    return units


def _long(text: str, span: Span) -> Look:
    """Tell text from a rule of dashes."""
    return _LONG if _LETTER.search(text, span.start, span.end) else _EMPTY


def _lines(text: str, sentences: Sequence[Span]) -> list[int]:
    lines: list[int] = []
    line = end = 0
    for span in sentences:
        if lines and _BREAK.search(text, end, span.start):
            line += 1
        lines.append(line)
        end = span.end
    return lines
