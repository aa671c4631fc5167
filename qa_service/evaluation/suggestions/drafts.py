"""A question drafted from a sentence, and what all languages' rules share."""

from __future__ import annotations

import re
from dataclasses import dataclass

CLOZE = "cloze"
"""The kind of drafts that are no questions yet."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and the stretch of its sentence that answers it.

    Attributes:
        question: without the article's topic.
        kind: what is asked for: date, number, person, ...
        start, end: of the clause that answers, in the sentence.
        answer: the words asked for.
        score: how well such questions read, 0 to 1; the better are proposed first.
        whole: whether it says what it is about, for an article without a title.
    """

    question: str
    kind: str
    start: int
    end: int
    answer: str
    score: float
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence between commas, colons and semicolons."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends in its sentence."""
        return self.start + len(self.text)


def clauses(sentence: str, separators: str) -> list[Clause]:
    """Cut a sentence apart at separators, white space left out; a comma between digits is part of a number."""
    pattern = re.compile(f"(?:[^{separators}]|(?<=\\d),(?=\\d{{3}})|(?<=\\d):(?=\\d))+")
    found = []
    for match in pattern.finditer(sentence):
        text = match[0].strip()
        if text:
            found.append(Clause(text, match.start() + match[0].index(text)))
    return found
