"""What is kept of each question asked: everything that the measures, the gate and the page are made from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qa_service.evaluation.datasets import ANSWERABLE, TAKEN_OUT

ANCHOR_MEASURES = {"Right first": 1, "Right in 5": 5, "Right in 10": 10}
"""Name of each measure of anchored questions, and down to which rank it looks."""


@dataclass(frozen=True, slots=True)
class Record:
    """One question and what the service made of it.

    Attributes:
        id, question: as the set has them.
        kind: `answerable`, `taken_out`, or a kind of unanswered questions from a file.
        cluster: the article it is about; questions of one article depend on each other.
        confidence: the probability the service gives its first passage.
        answered: whether that reaches the threshold.
        right_first: whether the first passage is of a right article, or covers an anchor.
        right: ids of the right articles; `anchors` what must be covered in them, and whether one stands there.
        ranks: ranks, from 1, of the right articles found, rising; of the first right passage where anchors decide.
        first: what ranks first, at most 10 ids or places.
        values: measure name -> value; of answerable questions only.
        answer: the answer at a threshold of 0.
        answer_has_gold, sentence_has_gold: whether a gold string stands in the answer, and in the first highlighted
            sentence; None where the set has no gold or another article came first.
    """

    id: str
    question: str
    kind: str
    cluster: str
    confidence: float
    answered: bool
    right_first: bool = False
    right: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    anchor_found: bool = True
    ranks: tuple[int, ...] = ()
    first: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    answer: str | None = None
    answer_has_gold: bool | None = None
    sentence_has_gold: bool | None = None

    @property
    def answerable(self) -> bool:
        """Whether the set answers it."""
        return self.kind == ANSWERABLE

    @property
    def taken_out(self) -> bool:
        """Whether its article was taken out of the set."""
        return self.kind == TAKEN_OUT

    @property
    def rank(self) -> int | None:
        """The rank of what is right, or None when it was not found."""
        return self.ranks[0] if self.ranks else None

    def as_dict(self) -> dict[str, object]:
        """Give the machine form, without what does not apply."""
        line: dict[str, object] = {"id": self.id, "question": self.question, "kind": self.kind, "cluster": self.cluster}
        if self.answerable:
            line.update(right=list(self.right), rank=self.rank, ranks=list(self.ranks), right_first=self.right_first)
            line.update(values=dict(self.values))
        if self.anchors:
            line.update(anchors=list(self.anchors), anchor_found=self.anchor_found)
        line.update(first=list(self.first), confidence=self.confidence, answered=self.answered, answer=self.answer)
        if self.answer_has_gold is not None:
            line.update(answer_has_gold=self.answer_has_gold, sentence_has_gold=self.sentence_has_gold)
        return line


def contains_gold(text: str, gold: Iterable[str]) -> bool:
    """Tell whether a gold string stands in a text, whatever the width and case of letters and the white space."""
    bare = _bare(text)
    return any(_bare(one) in bare for one in gold if _bare(one))


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
