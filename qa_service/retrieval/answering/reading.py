"""A passage's sentences as an answer is looked for in them: what does not depend on the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from qa_service.retrieval.answering.choice import text_length
from qa_service.retrieval.answering.features import Column
from qa_service.text.fold import lexical_fold

_NUMBERED = regex.compile(r"(?:[（(]?[一二三四五六七八九十百\d]{1,3}[)）、.．])\s*[^。！!；;，,：:]{1,25}")
_LONGEST = 2000
"""Code points of a sentence that are looked at; what is longer is no sentence."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The n >= 1 sentences of a passage, in order.

    Attributes:
        texts: in repaired form.
        folded: in the lexical fold, each on one line.
        opening: the article's title or first sentence, in the same fold.
        headings: whether each is a heading or a question.
        lengths: of each (n,), as `text_length` gives them.
        joined: for each but the last, whether it and the next may be shown as one answer.
    """

    texts: Sequence[str]
    folded: Sequence[str]
    opening: str
    headings: Sequence[bool]
    lengths: Column
    joined: Sequence[bool]

    @property
    def size(self) -> int:
        """Estimate the bytes that they take in memory."""
        return sum(_TEXT_BYTES + 4 * len(text) for text in self.texts) + 2 * len(self.opening)


_TEXT_BYTES = 250


def read_sentences(texts: Sequence[str], joined: Sequence[bool], opening: str | None = None) -> Sentences:
    """Make sentences ready; see `AnswerFinder.find`."""
    folded = _folded([*texts, *([] if opening is None else [opening])])
    start = folded[0] if opening is None else folded.pop()
    lengths = np.array([text_length(text) for text in texts])
    return Sentences(texts, folded, start, [is_heading(text) for text in texts], lengths, joined)


def is_heading(sentence: str) -> bool:
    """Whether a sentence is a numbered heading (三、利息谁来出) or a question, rather than a statement."""
    text = " ".join(sentence.split())
    return text.endswith(("?", "？")) or _NUMBERED.fullmatch(text) is not None


def _folded(texts: Sequence[str]) -> list[str]:
    """Fold texts in one go, which is much faster than one by one."""
    lines = [" ".join(text[:_LONGEST].splitlines()) for text in texts]
    folded = lexical_fold("\n".join(lines)).split("\n")
    return folded if len(folded) == len(lines) else [lexical_fold(line) for line in lines]
