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
    """

    text: str
    asked: Asked
    words: Mapping[str, float]
    contains: Contains
    pairs: Sequence[str]
    near: Column
    pieces: Sequence[str]


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
    return Question(text, kind, words, contains, pairs, near, tuple(pieces)[:_MOST])


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
    begins = np.zeros(count)
    begins[0] = float(opening.endswith(sentences[0]))
    cosine = _cosines(cosines)
    lexical, named = _lexical(question, sentences, opening)
    short = np.array([float(len(text) < _SHORT) for text in sentences])
    asks = np.array([float(text.endswith("?")) for text in sentences])
    columns = [*cosine, *lexical, begins, np.arange(count) / count, short, asks, *_typed(question, sentences, unfolded)]
    return np.stack([*columns, begins * named], axis=1)


def _cosines(cosines: NDArray[np.float32]) -> list[Column]:
    values = cosines.astype(np.float64)
    below = values - values.max()
    spread = below / (values.std() + _SPREAD)
    return [spread, (below >= 0).astype(np.float64), _before(below), _after(below)]


def _lexical(question: Question, sentences: Sequence[str], opening: str) -> tuple[list[Column], float]:
    """Weigh the question's words, pairs and pieces in each sentence; those of few sentences of the passage count most.

    Returns:
        The columns; the share of the question's pieces that the opening has.
    """
    words = _words(question, sentences)
    idf = np.array(list(question.words.values()))
    rare = _rarity(words)
    in_opening = _words(question, [opening])[0] > 0
    share = _shares(words, idf * rare)
    subject = _shares(words[:, in_opening], idf[in_opening])
    pairs = np.array([[pair in text for pair in question.pairs] for text in sentences], dtype=np.float64)
    pairs = pairs.reshape(len(sentences), -1)
    rare_pairs = _rarity(pairs)
    new_pairs = np.array([pair not in opening for pair in question.pairs], dtype=bool)
    new_pieces = [piece for piece in question.pieces if piece not in opening]
    pieces = np.array([[piece in text for piece in new_pieces] for text in sentences], dtype=np.float64)
    pieces = pieces.reshape(len(sentences), -1)
    columns = [share, (share >= share.max()).astype(np.float64), _before(share), _after(share), subject]
    columns += [
        _shares(pairs, rare_pairs),
        _shares(pairs[:, new_pairs], rare_pairs[new_pairs]),
        _shares(pieces, _rarity(pieces)),
        _shares(pairs, rare_pairs * question.near),
    ]
    named = 1 - len(new_pieces) / len(question.pieces) if question.pieces else 0.0
    return columns, named


def _typed(question: Question, sentences: Sequence[str], unfolded: Sequence[str]) -> list[Column]:
    kind, text = question.asked.type, question.text
    nothing = np.zeros(len(sentences))
    found = traced(kind, sentences, text, unfolded)
    columns = [found if other is kind else nothing for other in TYPES]
    return [*columns, measured(kind, sentences, text)]


def _nearness(kind: Asked, place: int) -> float:
    """Weigh the pair at `place` by its distance to the question word."""
    if kind.start < 0:
        return 0.0
    return math.exp(-max(kind.start - place - 2, place - kind.end, 0) / _FAR)


def _words(question: Question, texts: Sequence[str]) -> Matrix:
    """Tell which texts (n) have which of the question's words (m): (n, m) of 1 and 0."""
    other = [word for word in question.words if word not in question.text]
    rows = []
    for text in texts:
        also = question.contains(text, other) if other else ()
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
    count = len(presence)
    found = presence.sum(axis=0)
    weights: Column = np.log1p((count - found + 0.5) / (found + 0.5))
    return weights


def _shares(presence: Matrix, weights: Column) -> Column:
    """Give each sentence's share of the weight of what the passage has; what it lacks counts a little."""
    there = presence.any(axis=0)
    mass = weights[there].sum() + _LACKING * weights[~there].sum()
    shares: Column = presence @ weights / mass if mass > 0 else np.zeros(len(presence))
    return shares


def _before(column: Column) -> Column:
    """Give each sentence the number of the one before it."""
    return np.concatenate([[0.0], column[:-1]])


def _after(column: Column) -> Column:
    return np.concatenate([column[1:], [0.0]])
