"""Asking: from a question and a snapshot to ranked candidates, and from those to a result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from embeddings.encoder import Encoder
from qa_service.index.bm25 import WordQuery
from qa_service.index.snapshot import Snapshot, Vector
from qa_service.retrieval import calibration
from qa_service.retrieval.answer import best_sentence
from qa_service.retrieval.evidence import Evidence, Scores, gather, word_query
from qa_service.retrieval.explain import explain_ranking
from qa_service.retrieval.fusion import fuse
from qa_service.store import articles, collections, passages
from qa_service.store.articles import ArticleLabel
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.passages import Candidate
from qa_service.store.segments import Segments
from qa_service.text.fold import encoder_fold
from qa_service.text.tokens import Tokenizer
from qa_service.types import Answer, Ask, RankedPassage, Result, Span

NOMINEES = 100
"""Distinct passages that each leg nominates, whatever top_k is."""


class Stopwatch:
    """Wall-clock milliseconds by stage."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to a stage."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1e3
        self._last = now

    def timings(self) -> dict[str, float]:
        """Give the stages and their total, rounded to microseconds."""
        total = (time.perf_counter() - self._began) * 1e3
        return {stage: round(ms, 3) for stage, ms in self.stages.items()} | {"total": round(total, 3)}


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates of a question: evidence, fused scores (n,) and their order, best first."""

    question_words: Sequence[str]
    words: WordQuery
    evidence: Evidence | None
    fused: Scores = field(default_factory=lambda: np.empty(0))
    order: Sequence[int] = ()


class Searcher:
    """Answers questions over snapshots. Holds nothing of a question; safe for threads."""

    def __init__(self, catalog: Catalog, segments: Segments, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self._catalog = catalog
        self._segments = segments
        self._encoder = encoder
        self._tokenizer = tokenizer

    def ask(self, ask: Ask, snapshot: Snapshot | None, threshold: float) -> Result:
        """Answer a question from the collection's snapshot; None is a collection without passages."""
        watch = Stopwatch()
        query = self._encoder.encode_queries([encoder_fold(ask.question)])[0]
        watch.lap("encode")
        question_words = self._tokenizer.words(ask.question)
        watch.lap("tokenize")
        with self._catalog.read() as connection:
            collection = collections.get(connection, ask.collection)
            ranking = self._rank(connection, collection, snapshot, query, question_words, watch)
            shown = self._render(connection, ranking, ask.top_k)
        watch.lap("render")
        confidence = shown[0].score if shown else 0.0
        answerable = bool(shown) and confidence >= threshold
        return Result(
            question=ask.question,
            answerable=answerable,
            confidence=confidence,
            answer=_answer(shown[0]) if answerable else None,
            passages=tuple(shown),
            timings_ms=watch.timings(),
            generation=snapshot.manifest.name if snapshot else "empty",
            explain=explain_ranking(ranking, shown, self._tokenizer) if ask.explain else None,
        )

    def rank_articles(
        self, question: str, collection_name: str, snapshot: Snapshot | None, depth: int
    ) -> list[tuple[str, float]]:
        """Rank distinct articles by their best passage: (article id, fused score), best first, at most `depth`."""
        query = self._encoder.encode_queries([encoder_fold(question)])[0]
        with self._catalog.read() as connection:
            collection = collections.get(connection, collection_name)
            ranking = self._rank(connection, collection, snapshot, query, self._tokenizer.words(question), Stopwatch())
        best: dict[str, float] = {}
        if ranking.evidence is not None:
            for place in ranking.order:
                article = ranking.evidence.candidates[place].article_id
                best.setdefault(article, float(ranking.fused[place]))
        return list(best.items())[:depth]

    def _rank(
        self,
        connection: Connection,
        collection: Collection,
        snapshot: Snapshot | None,
        query: Vector,
        question_words: Sequence[str],
        watch: Stopwatch,
    ) -> Ranking:
        known = word_query(connection, collection, question_words)
        # A snapshot of a collection deleted and made again under the same name has nothing to say about the new one.
        if snapshot is None or snapshot.manifest.collection != collection.row:
            return Ranking(question_words, known, None)
        keys = np.unique(
            np.concatenate(
                [
                    snapshot.nominate_windows(query, NOMINEES),
                    snapshot.nominate_sentences(query, NOMINEES),
                    snapshot.nominate_words(known, NOMINEES),
                ]
            )
        )
        watch.lap("nominate")
        candidates = passages.candidates(connection, keys.tolist(), snapshot.seq)
        if not candidates:
            return Ranking(question_words, known, None)
        watch.lap("fetch")
        evidence = gather(query, known, candidates, self._segments)
        fused = fuse(evidence.dense, evidence.lexical, evidence.matched, known.coverage)
        order = _order(candidates, fused)
        watch.lap("score")
        return Ranking(question_words, known, evidence, fused, order)

    def _render(self, connection: Connection, ranking: Ranking, top_k: int) -> list[RankedPassage]:
        evidence = ranking.evidence
        if evidence is None:
            return []
        order = list(ranking.order[:top_k])
        scores = calibration.scores(evidence, order, ranking.words.coverage)
        rows = sorted({evidence.candidates[place].article for place in order})
        labels = articles.labels(connection, rows)
        texts = {row: articles.original_text(connection, row) for row in rows}
        shown = []
        for rank, (place, score) in enumerate(zip(order, scores, strict=True), start=1):
            candidate = evidence.candidates[place]
            text = texts[candidate.article][candidate.start : candidate.end]
            highlight = best_sentence(
                text,
                candidate.start,
                candidate.spans(),
                evidence.sentences[place],
                ranking.words.by_word,
                self._tokenizer,
            )
            label = labels[candidate.article]
            shown.append(_passage(rank, score, candidate, label, text, highlight))
        return shown


def _order(candidates: Sequence[Candidate], fused: Scores) -> list[int]:
    """Sort candidates by falling score; ties by article id, then start."""
    return sorted(
        range(len(candidates)),
        key=lambda place: (-fused[place], candidates[place].article_id, candidates[place].start),
    )


def _passage(
    rank: int, score: float, candidate: Candidate, label: ArticleLabel, text: str, highlight: Span
) -> RankedPassage:
    return RankedPassage(
        rank=rank,
        score=round(score, 6),
        passage_id=candidate.passage_id,
        article_id=label.id,
        title=label.title,
        url=label.url,
        published_at=label.published_at,
        text=text,
        start=candidate.start,
        end=candidate.end,
        highlights=(highlight,),
        omitted=(),
        also_in=(),
        metadata=label.metadata,
    )


def _answer(first: RankedPassage) -> Answer:
    span = first.highlights[0]
    text = first.text[span.start - first.start : span.end - first.start]
    return Answer(text, first.passage_id, first.article_id, span.start, span.end)
