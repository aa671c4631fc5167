"""How much one question may spend on finding copies."""

from __future__ import annotations

from dataclasses import dataclass

MOST_READ = 2000
"""Passages of the collection that are read for one question."""
MOST_BY_WORDS = 300
"""Comparisons by words for one question."""
MOST_IN_VAIN = 120
"""Comparisons by words for one question that find no copy."""
_IN_VAIN = 16
"""Comparisons by words in a row, for one result, that find no copy: the others are less alike."""


@dataclass(slots=True)
class Budget:
    """What a question may still do.

    Attributes:
        passages: passages of the collection to read.
        by_words, in_vain: comparisons by words, all and those that find no copy.
        in_a_row: of these, for the result at hand, one after the other.
    """

    passages: int = MOST_READ
    by_words: int = MOST_BY_WORDS
    in_vain: int = MOST_IN_VAIN
    in_a_row: int = _IN_VAIN

    def start_result(self) -> None:
        """Go on to the next result."""
        self.in_a_row = _IN_VAIN

    @property
    def none(self) -> bool:
        """Whether no comparison by words is left."""
        return min(self.by_words, self.in_vain, self.in_a_row) <= 0

    def take(self, is_copy: bool) -> None:
        """Count a comparison by words."""
        self.by_words -= 1
        self.in_vain -= not is_copy
        self.in_a_row = _IN_VAIN if is_copy else self.in_a_row - 1
