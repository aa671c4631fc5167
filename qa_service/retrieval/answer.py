"""The answer within a passage: the sentence, or two adjacent ones, that most probably hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from qa_service.retrieval.answering.choice import Choice, choose, probabilities, text_length
from qa_service.retrieval.answering.features import Column, Matrix, features, read_question
from qa_service.retrieval.answering.weights import shipped_weights
from qa_service.text.fold import lexical_fold
from qa_service.text.tokens import Tokenizer

_NUMBERED = regex.compile(r"(?:[（(]?[一二三四五六七八九十百\d]{1,3}[)）、.．])\s*[^。！!；;，,：:]{1,25}")
_HEADING = 1e-6
"""What is left of a heading's chance: it repeats the question and answers nothing."""
_LONGEST = 2000
"""Code points of a sentence that are looked at; what is longer is no sentence."""


class AnswerFinder:
    """Finds the answer to one question in any number of passages.

    Parameters:
        question: as it was asked.
        idf: the words of it that the collection knows, with their weights.
        tokenizer: what cut them.
    """

    def __init__(self, question: str, idf: Mapping[str, float], tokenizer: Tokenizer) -> None:
        self._question = read_question(question, idf, tokenizer.contains)

    def find(
        self, sentences: Sequence[str], cosines: NDArray[np.float32], joined: Sequence[bool], opening: str | None = None
    ) -> Choice:
        """Choose one sentence of a passage or two adjacent ones.

        Parameters:
            sentences: n >= 1 of them, in order, in repaired form.
            cosines: theirs to the question (n,).
            joined: for each but the last, whether it and the next may be shown as one answer.
            opening: the article's title, or else its first sentence; None when that is the first of `sentences`. What
                a question shares with it is its subject, which the whole article is about.
        """
        weights = shipped_weights()
        chances = probabilities(self.features(sentences, cosines, opening), weights.features)
        chances = _passed_on(chances, [is_heading(sentence) for sentence in sentences])
        lengths = np.array([text_length(sentence) for sentence in sentences])
        return choose(chances, lengths, joined, weights.length_price)

    def features(self, sentences: Sequence[str], cosines: NDArray[np.float32], opening: str | None = None) -> Matrix:
        """Describe each sentence, (n, len(FEATURES)); see `find`."""
        folded = _folded([*sentences, *([] if opening is None else [opening])])
        start = folded[0] if opening is None else folded.pop()
        return features(self._question, folded, sentences, cosines, start)


def _passed_on(chances: Column, headings: Sequence[bool]) -> Column:
    """Give the chance of a heading, or of a question that an article asks, to the sentence that follows it."""
    passed = chances.copy()
    for place, heading in enumerate(headings):
        if heading:
            if place + 1 < len(passed):
                passed[place + 1] += passed[place]
            passed[place] *= _HEADING
    whole: Column = passed / passed.sum()
    return whole


def is_heading(sentence: str) -> bool:
    """Whether a sentence is a numbered heading (三、利息谁来出) or a question, rather than a statement."""
    text = " ".join(sentence.split())
    return text.endswith(("?", "？")) or _NUMBERED.fullmatch(text) is not None


def _folded(texts: Sequence[str]) -> list[str]:
    """Fold texts in one go, which is much faster than one by one."""
    lines = [" ".join(text[:_LONGEST].splitlines()) for text in texts]
    folded = lexical_fold("\n".join(lines)).split("\n")
    return folded if len(folded) == len(lines) else [lexical_fold(line) for line in lines]
