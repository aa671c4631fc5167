"""Synthetic articles with vectors, as many as one wants, always the same for the same seed.

A synthetic article has two real ones as its subjects, A and B. A sentence's vector is, at unit length,

    a * s + (1 - a) * t + sqrt(1 - a² - (1 - a)²) * (p + e)

with s a sentence of A and t one of B, drawn at random, p the passage's and e the sentence's own noise, drawn with the
covariances of real passages' and sentences' effects, and a drawn evenly from `MIX`. So mean and covariance are the real
ones, and only how near neighbours lie depends on a, which was chosen by comparing nearest-neighbour cosines at equal
size (`scale.py` prints them). A window comes from the mean of its sentences as real windows do. Words are drawn from A,
B and all texts, by `SHARES`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scale_source import Numbers, Source, Vectors

from qa_service.text.prints import bands_of, print_of
from qa_service.text.units import BODY, BODY_CHARS, DATA

MIX = (0.6, 0.95)
SHARES = (0.6, 0.2)
"""Shares of a passage's tokens from A and from B; the others are from anywhere."""
SENTENCES = 10
WORDS = 230
MOST_PASSAGES = 3
"""An article has 1 to so many passages."""


@dataclass(frozen=True, slots=True)
class MadePassage:
    """A passage: its sentences' spans in the article, their (print, length, kind), and its words by number."""

    sentences: tuple[tuple[int, int], ...]
    units: tuple[tuple[int, int, int], ...]
    bands: frozenset[int]
    words: Numbers
    frequencies: Numbers
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """An article: its id, text, passages, and the vectors of each: the window's and then its sentences'."""

    id: str
    text: str
    passages: tuple[MadePassage, ...]
    vectors: tuple[Vectors, ...]


class Maker:
    """Makes batches of articles; a batch depends on the seed and its number alone."""

    def __init__(self, source: Source, seed: int = 0) -> None:
        self._source = source
        self._seed = seed
        vocabulary = source.vocabulary
        of_token = np.array([len(words) for words in vocabulary.words])
        # Tokens a sentence has on average, so that passages have `WORDS` words.
        self._scale = WORDS / SENTENCES / (of_token[source.tokens].mean() * source.lengths.mean())

    def batch(self, number: int, passages: int) -> list[MadeArticle]:
        """Make articles that have so many passages together."""
        random = np.random.default_rng((self._seed, number))
        sizes = _sizes(random, passages)
        subjects = random.integers(self._source.articles, size=len(sizes))
        others = (subjects + random.integers(1, self._source.articles, size=len(sizes))) % self._source.articles
        article = np.repeat(np.arange(len(sizes)), sizes)
        counts = 1 + random.poisson(SENTENCES - 1, size=passages)
        blocks = self._vectors(random, subjects[article], others[article], counts)
        tokens = self._texts(random, subjects[article], others[article], counts)
        made = []
        for place, size in enumerate(sizes):
            written = self._article([next(tokens) for _ in range(size)])
            name = f"made-{self._seed}-{number:05d}-{place:05d}"
            made.append(MadeArticle(name, *written, tuple(next(blocks) for _ in range(size))))
        return made

    def _vectors(self, random: np.random.Generator, a: Numbers, b: Numbers, counts: Numbers) -> Iterator[Vectors]:
        """Give each passage's block: its window's vector, and then its sentences'."""
        source, owner = self._source, np.repeat(np.arange(len(counts)), counts)
        mix = random.uniform(*MIX, size=(len(owner), 1)).astype(np.float32)
        noise = _normal(random, len(owner), source.within) + _normal(random, len(counts), source.between)[owner]
        mixed = mix * self._some(random, a[owner]) + (1 - mix) * self._some(random, b[owner])
        sentences = unit(mixed + np.sqrt(1 - mix**2 - (1 - mix) ** 2) * noise)
        ends = np.cumsum(counts)
        means = np.add.reduceat(sentences, ends - counts) / counts[:, np.newaxis]
        windows = unit(source.gain * means + source.offset + _normal(random, len(counts), source.residual))
        for window, end, count in zip(windows, ends.tolist(), counts.tolist(), strict=True):
            yield np.concatenate([window[np.newaxis], sentences[end - count : end]]).astype(np.float32)

    def _some(self, random: np.random.Generator, article: Numbers) -> Vectors:
        """Draw a real sentence's vector of each of the articles."""
        first, last = self._source.first[article], self._source.first[article + 1]
        drawn: Vectors = self._source.vectors[first + (random.random(len(article)) * (last - first)).astype(np.int64)]
        return drawn

    def _texts(self, random: np.random.Generator, a: Numbers, b: Numbers, counts: Numbers) -> Iterator[list[list[int]]]:
        """Give the tokens of each passage's sentences."""
        source = self._source
        lengths = np.maximum(2, np.rint(random.choice(source.lengths, size=counts.sum()) * self._scale)).astype(int)
        owner = np.repeat(np.repeat(np.arange(len(counts)), counts), lengths)
        chance = random.random(len(owner))
        where = np.where(chance < SHARES[0], a[owner], np.where(chance < sum(SHARES), b[owner], -1))
        first = np.where(where < 0, 0, source.text[where])
        size = np.where(where < 0, len(source.tokens), source.text[where + 1] - first)
        tokens = source.tokens[first + (random.random(len(owner)) * size).astype(np.int64)].tolist()
        bounds = np.concatenate([[0], np.cumsum(lengths)]).tolist()
        at = 0
        for count in counts.tolist():
            yield [tokens[bounds[at + n] : bounds[at + n + 1]] for n in range(count)]
            at += count

    def _article(self, passages: list[list[list[int]]]) -> tuple[str, tuple[MadePassage, ...]]:
        """Write passages, a paragraph each."""
        made, pieces, at = [], [], 0
        for sentences in passages:
            passage, text = self._passage(sentences, at)
            made.append(passage)
            pieces.append(text)
            at += len(text) + 2
        return "\n\n".join(pieces), tuple(made)

    def _passage(self, sentences: list[list[int]], start: int) -> tuple[MadePassage, str]:
        vocabulary = self._source.vocabulary
        spans, units, bands, words, texts = [], [], set(), [], []
        at = start
        for drawn in sentences:
            tokens = self._readable(drawn)
            text = "".join([vocabulary.surfaces[token] for token in tokens]) + "。"
            form = "".join([vocabulary.forms[token] for token in tokens])
            kind = (BODY if len(form) >= BODY_CHARS else 0) | (DATA if vocabulary.data[tokens].any() else 0)
            spans.append((at, at + len(text)))
            units.append((print_of(form), len(form), kind))
            bands.update(bands_of(form))
            texts.append(text)
            at += len(text)
            for token in tokens:
                words += vocabulary.words[token]
        numbers, frequencies = np.unique(np.array(words, dtype=np.int64), return_counts=True)
        text = "".join(texts)
        block_hash = hashlib.sha256(f"{self._source.fingerprint}\0{text}".encode()).digest()
        return MadePassage(tuple(spans), tuple(units), frozenset(bands), numbers, frequencies, block_hash), text

    def _readable(self, drawn: list[int]) -> list[int]:
        """Leave out marks in a row or at an edge, and of Latin words in a row, a mark between or not, all but one."""
        latin = self._source.vocabulary.latin
        kept: list[int] = []
        last = 0
        for token in drawn:
            if token == 0:
                kept += [0] if kept and kept[-1] else []
            elif not (latin[token] and latin[last]):
                kept.append(token)
                last = token
        if kept and kept[-1] == 0:
            kept.pop()
        return kept or [int(np.flatnonzero(~latin)[1])]


def unit(vectors: Vectors) -> Vectors:
    """Scale vectors (n, dim) to unit length."""
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def _normal(random: np.random.Generator, count: int, factor: Vectors) -> Vectors:
    drawn: Vectors = random.standard_normal((count, len(factor)), dtype=np.float32) @ factor
    return drawn


def _sizes(random: np.random.Generator, passages: int) -> list[int]:
    """Divide passages among articles."""
    sizes: list[int] = []
    left = passages
    while left:
        size = min(left, int(random.integers(1, MOST_PASSAGES + 1)))
        sizes.append(size)
        left -= size
    return sizes
