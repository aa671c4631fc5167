"""The answer within a passage: the sentence, or two adjacent ones, that most probably hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qa_service.retrieval.answering.choice import Choice, choose, probabilities
from qa_service.retrieval.answering.features import Column, Matrix, features, read_question
from qa_service.retrieval.answering.reading import Sentences, is_heading, read_sentences
from qa_service.retrieval.answering.weights import shipped_weights
from qa_service.text.tokens import Tokenizer

_HEADING = 1e-6
"""What is left of a heading's chance: it repeats the question and answers nothing."""


__all__ = ["AnswerFinder", "is_heading"]


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
        return self.choose(read_sentences(sentences, joined, opening), cosines)

    def choose(self, sentences: Sentences, cosines: NDArray[np.float32]) -> Choice:
        """Choose as `find` does among sentences made ready before."""
        weights = shipped_weights()
        chances = probabilities(self._described(sentences, cosines), weights.features)
        chances = _passed_on(chances, sentences.headings)
        return choose(chances, sentences.lengths, sentences.joined, weights.length_price)

    def features(self, sentences: Sequence[str], cosines: NDArray[np.float32], opening: str | None = None) -> Matrix:
        """Describe each sentence, (n, len(FEATURES)); see `find`."""
        return self._described(read_sentences(sentences, [], opening), cosines)

    def _described(self, sentences: Sentences, cosines: NDArray[np.float32]) -> Matrix:
        return features(self._question, sentences.folded, sentences.texts, cosines, sentences.opening)


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
