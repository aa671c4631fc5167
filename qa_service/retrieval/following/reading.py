"""Which of its readings a question asked after others has: a pure function of signs.

A question may stand alone; may be about what the conversation is about ("when does it open?"); or may put something
new in the place of a part of the question before ("and on Sundays?", "no, I mean 2024").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import regex

from qa_service.retrieval.following.cue_words import Cue
from qa_service.retrieval.following.cues import Cues
from qa_service.retrieval.query import FOLLOW_UP

# A logistic regression, rounded, fragments left out. About the conversation's article: the tuning half of the sample
# conversations, and the sample questions without their towns' names, after another question on the same article.
# Not so: the self-contained ones of that half, sample questions after one on another article, most of them on the
# same topic or town, and 1,300 public questions after others of their set.
BIAS = 4.3
GAP_WEIGHT = -69.0
NEW_WORDS_WEIGHT = -0.4
RIVAL_WORDS_WEIGHT = -1.5
LENGTH_WEIGHT = -0.14
NAMES_WEIGHT = -2.0
FOREIGN_WEIGHT = -1.15
REFERS_WEIGHT, REFERS_IN_SHORT_WEIGHT = 0.6, 1.9
MORE_WEIGHT = 0.3
NO_QUESTION_WORD_WEIGHT = 0.5
MAX_GAP, MAX_LENGTH, MAX_NAMES = 0.2, 16, 2
SHORT = 8
"""Distinct words up to which a pronoun has hardly room for what it stands for in the question itself."""

THRESHOLD = 0.5
_YEAR = regex.compile(r"(?<!\p{Nd})\p{Nd}{4}(?!\p{Nd})")


class Kind(StrEnum):
    """The readings."""

    ALONE = "alone"
    FOLLOW_UP = FOLLOW_UP
    FRAGMENT = "fragment"


@dataclass(frozen=True, slots=True)
class Mixture:
    """How much of the earlier question a reading takes in, and how much the conversation's articles are preferred.

    Attributes:
        vector: weight of the vector of both questions together beside that of the question alone.
        words: weight of the earlier question's words beside 1 of the question's own.
        favour: added to the fused score of the conversation's articles; fused scores are about 0 to 1.1.
    """

    vector: float
    words: float
    favour: float


MIXTURES = {
    Kind.ALONE: Mixture(0.0, 0.0, 0.0),
    # More than any score: an article in another language than the question's has lower ones throughout.
    Kind.FOLLOW_UP: Mixture(0.3, 0.1, 1.5),
    # What is new in it may well lead to another article.
    Kind.FRAGMENT: Mixture(1.0, 0.5, 0.03),
}
FULL_FAVOUR = 0.55
"""Dependence from which the articles are preferred by all of `favour`; from the threshold to here it grows."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a question's standing alone.

    Attributes:
        gap: by how much the best passage's cosines, window and sentence summed, are above the best of the
            conversation's article, 0 and up; the preference of a model for a text in the question's script taken off.
        new_words: IDF mass of the question's words that neither the conversation nor its article has, in units of a
            word that one passage has; less where the article could not have them, being in another script.
        rival_words: that of those of them which the best passage has.
        foreign: the share of the article that is not in the question's script.
        length: distinct words of the question.
        names: capitalised words inside it that the conversation does not have.
    """

    cues: Cues
    gap: float
    new_words: float
    rival_words: float
    foreign: float
    length: int
    names: int


def dependence(signs: Signs) -> float:
    """Estimate the probability that a question is about what the conversation is about."""
    refers = REFERS_IN_SHORT_WEIGHT if signs.length <= SHORT else REFERS_WEIGHT
    x = (
        BIAS
        + GAP_WEIGHT * min(signs.gap, MAX_GAP)
        + NEW_WORDS_WEIGHT * signs.new_words
        + RIVAL_WORDS_WEIGHT * signs.rival_words
        + FOREIGN_WEIGHT * signs.foreign
        + LENGTH_WEIGHT * min(signs.length, MAX_LENGTH)
        + NAMES_WEIGHT * min(signs.names, MAX_NAMES)
        + refers * (Cue.REFERS in signs.cues.found)
        + MORE_WEIGHT * (Cue.MORE in signs.cues.found)
        + NO_QUESTION_WORD_WEIGHT * (not signs.cues.asks)
    )
    return 1 / (1 + math.exp(-x))


def kind_of(cues: Cues, probability: float) -> Kind:
    """Choose the reading of a question with this probability of dependence."""
    if cues.is_fragment:
        return Kind.FRAGMENT
    return Kind.FOLLOW_UP if probability > THRESHOLD else Kind.ALONE


def favour_of(kind: Kind, probability: float) -> float:
    """Say how much the conversation's articles are preferred; a doubtful follow-up prefers them less."""
    full = MIXTURES[kind].favour
    if kind is not Kind.FOLLOW_UP:
        return full
    return full * min(1.0, max(0.0, (probability - THRESHOLD) / (FULL_FAVOUR - THRESHOLD)))


def joined(earlier: str, question: str) -> str:
    """Put an earlier question before another, with the other's year in the place of its own."""
    years = set(_YEAR.findall(question))
    if len(years) == 1:
        earlier = _YEAR.sub(years.pop(), earlier)
    return f"{earlier} {question}"
