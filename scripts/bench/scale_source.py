"""What synthetic articles are made from: the sentence vectors and the words of real articles.

The model of a real sentence's vector is `mean + passage effect + sentence effect`, the effects with their covariances
between and within passages; a window's is `gain * (mean of its sentences') + offset + residual`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from qa_service.engine import Engine
from qa_service.store import articles, collections, entries
from qa_service.text.fold import lexical_fold
from qa_service.text.sentence_ends import TERMINATORS
from qa_service.text.tokens import Tokenizer

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

_END = regex.compile(f"[{TERMINATORS}]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens of the real texts, by number: what is written, what is said, and the words a search finds it by.

    Attributes:
        forms: folded and without marks, as copies are compared; "" for a mark.
        words: numbers into `names` of each token's search-mode words.
        data: whether a token holds a digit; `latin`: whether it is of ASCII letters and digits.
    """

    surfaces: Sequence[str]
    forms: Sequence[str]
    words: Sequence[Sequence[int]]
    names: Sequence[str]
    data: NDArray[np.bool_]
    latin: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """Real articles, as material.

    Attributes:
        vectors: of all sentences (n, dim), article after article; article a has those from `first[a]` to `first[a+1]`.
        between, within: factors F of the covariances F.T @ F of the passage and the sentence effects (dim, dim).
        gain, offset, residual: of windows: by how much more than their sentences' mean they deviate from the mean of
            all, what is added to all of them (dim,), and the factor of the covariance of what is left.
        tokens: of all texts, article after article; article a has those from `text[a]` to `text[a+1]`.
        lengths: tokens of each sentence.
    """

    vectors: Vectors
    first: Numbers
    between: Vectors
    within: Vectors
    gain: float
    offset: Vectors
    residual: Vectors
    tokens: Numbers
    text: Numbers
    lengths: Numbers
    vocabulary: Vocabulary
    fingerprint: str

    @property
    def articles(self) -> int:
        """How many real articles there are."""
        return len(self.first) - 1


@dataclass(frozen=True, slots=True)
class Real:
    """A real collection's vectors: windows (n, dim), sentences (m, dim), the window of each sentence, texts."""

    windows: Vectors
    sentences: Vectors
    owner: Numbers
    article: Numbers
    texts: Sequence[str]


def read_real(engine: Engine, name: str) -> Real:
    """Read a collection of real articles whole."""
    with engine.catalog.read() as connection:
        collection = collections.get(connection, name)
        rows = [row for row, _ in articles.live(connection, collection.row)]
        texts = [articles.original_text(connection, row) for row in rows]
        found = [(place, entry) for place, row in enumerate(rows) for entry in entries.of_article(connection, row)]
    blocks = [engine.segments.read(entry.block) for _, entry in found]
    owner = np.repeat(np.arange(len(blocks)), [len(block) - 1 for block in blocks])
    return Real(
        np.stack([block[0] for block in blocks]),
        np.concatenate([block[1:] for block in blocks]),
        owner,
        np.array([place for place, _ in found]),
        texts,
    )


def make_source(real: Real, tokenizer: Tokenizer, fingerprint: str) -> Source:
    """Fit the model of the vectors, and count the words."""
    counts = np.bincount(real.owner)
    means = np.add.reduceat(real.sentences, np.cumsum(counts) - counts) / counts[:, np.newaxis]
    effects = real.sentences - means[real.owner]
    within = effects.T @ effects / (len(effects) - len(means))
    centred = means - means.mean(axis=0)
    gain = float((centred * real.windows).sum() / (centred**2).sum())
    difference = real.windows - gain * means
    vocabulary, tokens, lengths = _tokens(real.texts, tokenizer)
    bounds = np.arange(len(real.texts) + 1)
    return Source(
        vectors=real.sentences,
        first=np.searchsorted(real.article[real.owner], bounds),
        between=factor(np.cov(real.sentences.T) - within),
        within=factor(within),
        gain=gain,
        offset=difference.mean(axis=0),
        residual=factor(np.cov(difference.T)),
        tokens=np.concatenate(tokens),
        text=np.concatenate([[0], np.cumsum([len(one) for one in tokens])]),
        lengths=lengths,
        vocabulary=vocabulary,
        fingerprint=fingerprint,
    )


def factor(covariance: NDArray[np.floating[Any]]) -> Vectors:
    """Give F with F.T @ F = the covariance, its negative eigenvalues taken for 0."""
    values, axes = np.linalg.eigh(covariance)
    return np.asarray((axes * np.sqrt(np.maximum(values, 0))).T, dtype=np.float32)


def _tokens(texts: Sequence[str], tokenizer: Tokenizer) -> tuple[Vocabulary, list[Numbers], Numbers]:
    """Cut texts into Han words, words of ASCII letters and digits, and commas; what else there is is left out."""
    import jieba  # noqa: PLC0415

    jieba.setLogLevel("ERROR")
    numbers: dict[str, int] = {"，": 0}
    cut: list[Numbers] = []
    lengths: list[int] = []
    for text in texts:
        own, size = [], 0
        for token in jieba.cut(text):
            if _END.fullmatch(token):
                lengths += [size] if size else []
                size = 0
            elif token in "，、" or (token.isalnum() and (token.isascii() or not any(map(str.isascii, token)))):
                own.append(numbers.setdefault("，" if token == "、" else token, len(numbers)))
                size += 1
        cut.append(np.array(own or [0], dtype=np.int64))
    names: dict[str, int] = {}
    words = [[names.setdefault(word, len(names)) for word in tokenizer.words(token)] for token in numbers]
    forms = ["" if token == "，" else lexical_fold(token) for token in numbers]
    data = np.array([any(map(str.isdigit, token)) for token in numbers])
    latin = np.array([token.isascii() for token in numbers])
    return Vocabulary(list(numbers), forms, words, list(names), data, latin), cut, np.array(lengths)
