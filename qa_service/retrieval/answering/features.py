"""What speaks for each sentence of a passage as the answer, as one row of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import regex
from numpy.typing import NDArray

from qa_service.retrieval.answering.interrogatives import QuestionType
from qa_service.retrieval.answering.question_type import Asked, asked
from qa_service.retrieval.answering.type_evidence import measured, traced
from qa_service.text.fold import lexical_fold
from qa_service.text.scan import UNSPACED, at_word_edges

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]
Contains = Callable[[str, Collection[str]], Set[str]]

TYPES = tuple(kind for kind in QuestionType if kind not in (QuestionType.WHICH, QuestionType.UNKNOWN))
GENERAL = (
    *("cosine", "cosine_best", "cosine_before", "cosine_after", "words", "words_best", "words_before", "words_after"),
    *("subject", "pairs", "attribute_pairs", "attribute_pieces", "near", "opening", "place", "short", "asks"),
)
FEATURES = (*GENERAL, *TYPES, "measured", "named_opening")
"""The columns of `features`, in order; the weights are stored under these names."""
_COSINE, _WORDS, _SUBJECT, _PAIRS = (FEATURES.index(name) for name in ("cosine", "words", "subject", "pairs"))
_OPENING, _PLACE, _SHORT_TEXT, _ASKS = (FEATURES.index(name) for name in ("opening", "place", "short", "asks"))
_MEASURED, _NAMED_OPENING = (FEATURES.index(name) for name in ("measured", "named_opening"))

_UNSPACED_RUN = regex.compile(rf"[\p{{Han}}\p{{Hangul}}{UNSPACED}]+")
_SPACED_WORD = regex.compile(rf"(?V1)[\p{{L}}--[\p{{Han}}\p{{Hangul}}{UNSPACED}]][\p{{L}}\p{{M}}]{{2,}}")
_PREFIX = 5
"""Letters of a word of a spaced script that stand for it, whatever its ending."""
_FAR = 4.0
"""Characters from the question word at which a pair's nearness has fallen to 1/e."""
_SHORT = 12
"""Code points below which a sentence is short."""
_LACKING = 0.1
"""How much of the weight of what no sentence has counts in a share."""
_SPREAD = 0.01
"""Added to the deviation of a passage's cosines, so that equal ones do not differ greatly."""
_MOST = 200
"""Words, pairs and pieces of a question that are looked for, so that a very long one stays cheap."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its answer is looked for: folded, with its type and the parts of it that sentences may hold.

    Attributes:
        words: the question's known words and their IDF.
        contains: tells which of the words that are not in the question as such, like synonyms, a text has.
        pairs: adjacent characters of scripts without spaces, without those of the question word.
        near: for each pair, how near it is to the question word, in 0..1; zeros when that is not known.
        pieces: single characters of scripts without spaces, the first letters of longer words of others.
        idf: of `words`, in their order.
        other: those of them that are not in the question as such.
        plain: whether a text has a word if it holds its characters, as far as any of `words` goes.
    """

    text: str
    asked: Asked
    words: Mapping[str, float]
    contains: Contains
    pairs: Sequence[str]
    near: Column
    pieces: Sequence[str]
    idf: Column
    other: Sequence[str]
    plain: bool


def read_question(question: str, idf: Mapping[str, float], contains: Contains) -> Question:
    """Take a question apart; `idf` has the words of it that the collection knows, with their weights."""
    text = lexical_fold(question)
    kind = asked(text)
    nearness: dict[str, float] = {}
    pieces: dict[str, None] = {}
    for run in _UNSPACED_RUN.finditer(text):
        for place in range(run.start(), run.end()):
            if kind.start <= place < kind.end:
                continue
            pieces[text[place]] = None
            if place + 1 < run.end() and place + 1 != kind.start:
                pair = text[place : place + 2]
                nearness[pair] = max(nearness.get(pair, 0.0), _nearness(kind, place))
    pieces.update((word[:_PREFIX], None) for word in _SPACED_WORD.findall(text))
    pairs = tuple(nearness)[:_MOST]
    near = np.array([nearness[pair] for pair in pairs])
    words = dict(sorted(idf.items(), key=itemgetter(1), reverse=True)[:_MOST])
    other = [word for word in words if word not in text]
    plain = not other and all(_UNSPACED_RUN.match(word) for word in words)
    weights = np.array(list(words.values()), dtype=np.float64)
    return Question(text, kind, words, contains, pairs, near, tuple(pieces)[:_MOST], weights, other, plain)


def features(
    question: Question,
    sentences: Sequence[str],
    unfolded: Sequence[str],
    cosines: NDArray[np.float32],
    opening: str,
) -> Matrix:
    """Describe each sentence of a passage.

    Parameters:
        sentences: n >= 1 of them, in order, in the lexical fold; `unfolded` the same before it.
        cosines: theirs to the question (n,).
        opening: the article's title or first sentence, in the same fold. What a question shares with it is its subject;
            the sentence that answers shares the rest.

    Returns:
        (n, len(FEATURES)).
    """
    count = len(sentences)
    described = np.zeros((count, len(FEATURES)))
    _set_cosines(described, cosines)
    named = _set_lexical(described, question, sentences, opening)
    begins = float(opening.endswith(sentences[0]))
    described[0, _OPENING] = begins
    described[0, _NAMED_OPENING] = begins * named
    described[:, _PLACE] = np.arange(count) / count
    described[:, _SHORT_TEXT] = [len(text) < _SHORT for text in sentences]
    described[:, _ASKS] = [text.endswith("?") for text in sentences]
    kind, text = question.asked.type, question.text
    if kind in TYPES:
        described[:, FEATURES.index(kind)] = traced(kind, sentences, text, unfolded)
    described[:, _MEASURED] = measured(kind, sentences, text)
    return described


def _set_cosines(described: Matrix, cosines: NDArray[np.float32]) -> None:
    values = cosines.astype(np.float64)
    below = values - values.max()
    # Of a handful of numbers the plain way is the fastest.
    plain: list[float] = values.tolist()
    mean = math.fsum(plain) / len(plain)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in plain) / len(plain))
    described[:, _COSINE] = below / (deviation + _SPREAD)
    described[:, _COSINE + 1] = below >= 0
    _set_neighbours(described, _COSINE + 2, below)


def _set_lexical(described: Matrix, question: Question, sentences: Sequence[str], opening: str) -> float:
    """Weigh the question's words, pairs and pieces in each sentence; those of few sentences of the passage count most.

    Returns:
        The share of the question's pieces that the opening has.
    """
    words = _words(question, sentences)
    idf = question.idf
    in_opening = _words(question, [opening])[0] > 0
    share = _shares(words, idf * _rarity(words))
    described[:, _WORDS] = share
    described[:, _WORDS + 1] = share >= share.max()
    _set_neighbours(described, _WORDS + 2, share)
    described[:, _SUBJECT] = _shares(words[:, in_opening], idf[in_opening])
    pairs = _presence(question.pairs, sentences)
    rare_pairs = _rarity(pairs)
    new_pairs = np.array([pair not in opening for pair in question.pairs], dtype=bool)
    new_pieces = [piece for piece in question.pieces if piece not in opening]
    pieces = _presence(new_pieces, sentences)
    described[:, _PAIRS] = _shares(pairs, rare_pairs)
    described[:, _PAIRS + 1] = _shares(pairs[:, new_pairs], rare_pairs[new_pairs])
    described[:, _PAIRS + 2] = _shares(pieces, _rarity(pieces))
    described[:, _PAIRS + 3] = _shares(pairs, rare_pairs * question.near)
    return 1 - len(new_pieces) / len(question.pieces) if question.pieces else 0.0


def _nearness(kind: Asked, place: int) -> float:
    """Weigh the pair at `place` by its distance to the question word."""
    if kind.start < 0:
        return 0.0
    return math.exp(-max(kind.start - place - 2, place - kind.end, 0) / _FAR)


def _presence(parts: Sequence[str], texts: Sequence[str]) -> Matrix:
    """Tell which texts (n) hold which parts (m): (n, m) of 1 and 0."""
    found = [part in text for text in texts for part in parts]
    return np.array(found, dtype=np.float64).reshape(len(texts), len(parts))


def _words(question: Question, texts: Sequence[str]) -> Matrix:
    """Tell which texts (n) have which of the question's words (m): (n, m) of 1 and 0."""
    if question.plain:
        return _presence(tuple(question.words), texts)
    rows = []
    for text in texts:
        also = question.contains(text, question.other) if question.other else ()
        rows.append([word in also or _holds(text, word) for word in question.words])
    return np.array(rows, dtype=np.float64).reshape(len(texts), -1)


def _holds(text: str, word: str) -> bool:
    """Whether a text has a word: as a whole, unless its script has no spaces."""
    start = text.find(word)
    if start < 0 or _UNSPACED_RUN.match(word):
        return start >= 0
    while start >= 0 and not at_word_edges(text, start, start + len(word)):
        start = text.find(word, start + 1)
    return start >= 0


def _rarity(presence: Matrix) -> Column:
    """Weigh each column of a presence matrix (n, m) by how few of the n sentences have it, as BM25 does documents."""
    found = np.add.reduce(presence, axis=0) + 0.5
    weights: Column = np.log1p((len(presence) + 1 - found) / found)
    return weights


def _shares(presence: Matrix, weights: Column) -> Column:
    """Give each sentence's share of the weight of what the passage has; what it lacks counts a little."""
    there = np.maximum.reduce(presence, axis=0, initial=0.0)
    mass = float(weights @ np.maximum(there, _LACKING))
    shares: Column = presence @ weights / mass if mass > 0 else np.zeros(len(presence))
    return shares


def _set_neighbours(described: Matrix, column: int, values: Column) -> None:
    """Give each sentence the number of the one before it, and in the next column that of the one after it."""
    described[1:, column] = values[:-1]
    described[:-1, column + 1] = values[1:]
