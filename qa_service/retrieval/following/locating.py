"""Which articles a conversation is about: those that its answers quote, or else those that its questions find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qa_service.index.bm25 import score_passages
from qa_service.retrieval.evidence import word_query
from qa_service.retrieval.following.scene import Scene
from qa_service.retrieval.query import Query
from qa_service.store import passages

NOMINEES = 30
"""Passages that an answer may quote."""
QUOTE_START, QUOTE_RANGE = 0.3, 0.4
"""Share of an answer's IDF mass in one passage from which it may come from there, and how much more makes it sure."""
QUOTED = 0.5
"""Sureness of the best passage from which an answer counts as a quotation."""
ASKED_START = 0.85
"""Share of the first passage's score from which an earlier question may have meant an article."""
ASKED_LEAST = 0.05
"""Confidence below which an earlier question is about nothing in the collection, and has no say in the next one."""
ASKED_WEIGHT = 0.35
OLDER_WEIGHT = 0.5
"""What an exchange counts beside the next one."""
PAST_UNANSWERED_WEIGHT = 0.8
"""The same where the next one was answered, but with nothing of an article."""

Articles = Mapping[int, float]
"""Articles by row with their weights, 0..1."""


def quoted(scene: Scene, words: Sequence[str]) -> Articles:
    """Find the articles that an answer, given by its words, was taken from; empty if it quotes none.

    An answer of sentences of an article has nearly all its words in one passage; polite refusals and answers in
    another language have few.
    """
    query = word_query(scene.connection, scene.collection, words)
    keys = scene.snapshot.nominate_words(query, NOMINEES).tolist() if query.idf else []
    found = passages.candidates(scene.connection, keys, scene.snapshot.seq)
    if not found:
        return {}
    matched = score_passages(query, [one.split_terms for one in found], [one.words for one in found]).matched
    # An answer made of one passage's sentences has more of its words there than in any other that is like it.
    sureness = np.clip((matched - QUOTE_START) / QUOTE_RANGE, 0.0, 1.0) * matched / max(float(matched.max()), 1e-9)
    if sureness.max() <= QUOTED:
        return {}
    return _best([one.article for one in found], sureness.tolist())


def asked(scene: Scene, query: Query) -> Articles:
    """Find the articles that an earlier question may have meant, by its own ranking; empty if none seems to answer."""
    ranking = scene.rank(query)
    if ranking.evidence is None or scene.confidence(ranking) < ASKED_LEAST:
        return {}
    shares = ranking.fused / max(float(ranking.fused.max()), 1e-9)
    sureness = ASKED_WEIGHT * np.clip((shares - ASKED_START) / (1 - ASKED_START), 0.0, 1.0)
    return _best([one.article for one in ranking.evidence.candidates], sureness.tolist())


def together(exchanges: Sequence[tuple[Articles, Articles, bool]]) -> Articles:
    """Weigh the articles of exchanges, newest first: what each quotes or else asks for, and whether it was answered."""
    weights: dict[int, float] = {}
    weight = 1.0
    for quotes, questions, answered in exchanges:
        for article, sureness in (quotes or questions).items():
            weights[article] = max(weights.get(article, 0.0), weight * sureness)
        weight *= PAST_UNANSWERED_WEIGHT if answered and not quotes else OLDER_WEIGHT
    return weights


def _best(articles: Sequence[int], sureness: Sequence[float]) -> Articles:
    weights: dict[int, float] = {}
    for article, value in zip(articles, sureness, strict=True):
        if value > 0:
            weights[article] = max(weights.get(article, 0.0), value)
    return weights
