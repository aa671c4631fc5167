"""Page furniture within one article: menus, counters, share bars, copyright lines, repeated captions."""

from __future__ import annotations

from collections.abc import Sequence

from qa_service.text.furniture.blocks import Blocks
from qa_service.text.furniture.repeats import repeated_lines
from qa_service.text.furniture.units import read_units
from qa_service.types import Span

__all__ = ["FURNITURE_VERSION", "local_furniture"]

FURNITURE_VERSION = "furniture-2"


def local_furniture(text: str, sentences: Sequence[Span]) -> list[str | None]:
    """Find what is page furniture in one article.

    The vocabulary of furniture has to make up most of a short unit; what proves little by itself counts at the
    article's edges, beside other furniture, or in number. When in doubt a unit is text.

    Parameters:
        text: the repaired text.
        sentences: its units in order, disjoint, as `split_sentences` gives them.

    Returns:
        For each unit why it is furniture, such as "menu" or "repeated line", or None.
    """
    units = read_units(text, sentences)
    reasons = Blocks(units).decide()
    for index in repeated_lines(units):
        reasons[index] = reasons[index] or "repeated line"
    return reasons
