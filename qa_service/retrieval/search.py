"""Asking: from a question and a snapshot to ranked candidates, and from those to a result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np

from embeddings.encoder import Encoder
from embeddings.question_cache import CachingEncoder
from qa_service.explanation import Explanation, Target
from qa_service.index.admitted import Admitted
from qa_service.index.snapshot import Snapshot
from qa_service.retrieval import freshness
from qa_service.retrieval.admission import Admission
from qa_service.retrieval.calibration import Adjustment, Judge
from qa_service.retrieval.cohorts import Cohorts
from qa_service.retrieval.comparisons import Comparisons
from qa_service.retrieval.explain import explain_ranking
from qa_service.retrieval.explaining import Explainer
from qa_service.retrieval.following.conversation import Conversations, describe_reading
from qa_service.retrieval.following.history import Exchange, read_history
from qa_service.retrieval.following.scene import Scene
from qa_service.retrieval.found import Found
from qa_service.retrieval.grouping import Group
from qa_service.retrieval.log_odds import describe_confidence
from qa_service.retrieval.presenting import Presenter, Shown, known_sentences
from qa_service.retrieval.query import Query, QueryReader
from qa_service.retrieval.ranking import Ranking, rank
from qa_service.retrieval.refinement import refine
from qa_service.retrieval.reranking import Reranking
from qa_service.retrieval.stopwatch import Stopwatch
from qa_service.retrieval.texts import Texts
from qa_service.retrieval.turns import PatientEncoder, Turns
from qa_service.retrieval.typical import TypicalPassages
from qa_service.store import collections
from qa_service.store.catalog import Catalog, Connection
from qa_service.store.collections import Collection
from qa_service.store.segments import Segments
from qa_service.text.tokens import Tokenizer
from qa_service.types import Ask, Result


class Searcher:
    """Answers questions over snapshots. Holds nothing of a question; safe for threads."""

    def __init__(
        self,
        catalog: Catalog,
        segments: Segments,
        encoder: Encoder,
        tokenizer: Tokenizer,
        cohorts: Cohorts,
        reranking: Reranking | None = None,
        adjustment: Callable[[], Adjustment] = Adjustment,
    ) -> None:
        self._catalog = catalog
        self._segments = segments
        self._tokenizer = tokenizer
        self._queries = QueryReader(encoder, tokenizer)
        self._comparisons = Comparisons()
        self._sentences = known_sentences()
        self._reranking = reranking
        self._admission = Admission()
        self._adjustment = adjustment
        self._typical = TypicalPassages(segments)
        self._turns = Turns()
        self._conversations = Conversations(PatientEncoder(encoder, self._turns), tokenizer)
        if isinstance(encoder, CachingEncoder):
            encoder.encode_later(lambda: self._turns.crowded)
        self._cohorts = cohorts

    @property
    def waiting(self) -> int:
        """How many questions wait for others to be done."""
        return self._turns.waiting

    def pause(self) -> AbstractContextManager[None]:
        """Let other questions have the calling thread's turn while it waits for another process."""
        return self._turns.interrupted()

    def passage_keys(self) -> set[int]:
        """Give the keys of the passages of which something is remembered for other questions."""
        return self._comparisons.passage_keys() | self._sentences.known()

    def forget(self, dead: Set[int]) -> None:
        """Let go of what is remembered of passages that no question will meet any more."""
        self._comparisons.forget(dead)
        self._sentences.forget(dead)

    def ask(self, ask: Ask, snapshot: Snapshot | None, threshold: float) -> Result:
        """Answer a question from the collection's snapshot; None is a collection without passages."""
        watch = Stopwatch()
        read = self._read(ask, snapshot, watch)
        with self._turns.turn(), self._catalog.read() as connection:
            watch.lap("turn")
            found = self._find(connection, ask, read, snapshot, threshold, watch)
            groups = list(islice(found.groups(), ask.top_k))
            watch.lap("copies")
            shown = self._shown(found, groups, ask)
            explained = self._explained(found, groups, shown, ask) if ask.explain else None
        watch.lap("render")
        confidence = shown[0].passage.score if shown else 0.0
        answerable = bool(shown) and confidence >= threshold
        return Result(
            question=ask.question,
            answerable=answerable,
            confidence=confidence,
            answer=shown[0].answer() if answerable else None,
            passages=tuple(one.passage for one in shown),
            timings_ms=watch.timings(),
            generation=snapshot.manifest.name if snapshot else "empty",
            explain=explained,
        )

    def explain(self, ask: Ask, target: Target, snapshot: Snapshot | None, threshold: float) -> Explanation:
        """Tell how an article or a passage fared with a question that `ask` answers.

        Errors:
            NotFound: no such collection, article or passage.
        """
        watch = Stopwatch()
        read = self._read(ask, snapshot, watch)
        with self._catalog.read() as connection:
            found = self._find(connection, ask, read, snapshot, threshold, watch)
            return Explainer(found, ask, threshold, self._segments, self._admission).explain(target)

    def _read(self, ask: Ask, snapshot: Snapshot | None, watch: Stopwatch) -> Query | Sequence[Exchange]:
        """Read a question; one with history is read where it is asked, so that only the history is given."""
        exchanges = read_history(ask.history, ask.question) if ask.history and snapshot else ()
        return exchanges or self._queries.read(ask.question, watch)

    def _find(
        self,
        connection: Connection,
        ask: Ask,
        read: Query | Sequence[Exchange],
        snapshot: Snapshot | None,
        threshold: float,
        watch: Stopwatch,
    ) -> Found:
        """Rank a question's candidates with all its options."""
        collection = collections.get(connection, ask.collection)
        texts = Texts(connection)
        admitted = self._admission.admitted(connection, collection, snapshot, ask.filters)
        if ask.filters is not None:
            watch.lap("filter")
        if isinstance(read, Query):
            ranking = self._rank(connection, collection, snapshot, read, texts, watch, admitted)
        else:
            assert snapshot is not None
            judged = partial(self._confidence, connection, snapshot, texts)
            scene = Scene(connection, self._segments, collection, snapshot, texts, watch, judged, admitted)
            ranking = self._follow(scene, ask.question, read)
        judge = self._judge(connection, snapshot, ranking, texts)
        found = Found(connection, collection, snapshot, texts, ranking, judge, self._comparisons)
        if ask.freshness is None:
            return found
        first = next(found.groups(), None)
        copies = {source.article for source in first.sources} if first else ()
        fresh = freshness.freshen(connection, ranking, ask.freshness, threshold, judge, copies)
        return replace(found, ranking=fresh)

    def _rank(
        self,
        connection: Connection,
        collection: Collection,
        snapshot: Snapshot | None,
        query: Query,
        texts: Texts,
        watch: Stopwatch,
        admitted: Admitted | None = None,
    ) -> Ranking:
        ranking = rank(connection, self._segments, collection, snapshot, query, watch, admitted)
        return self._refined(ranking, texts, watch)

    def _follow(self, scene: Scene, question: str, exchanges: Sequence[Exchange]) -> Ranking:
        """Rank a question for what it means after these exchanges."""
        followed = self._conversations.read(question, exchanges, scene)
        return self._refined(followed.ranking or scene.rank(followed.query), scene.texts, scene.watch)

    def _refined(self, ranking: Ranking, texts: Texts, watch: Stopwatch) -> Ranking:
        """Read the best candidates once more."""
        ranking = refine(ranking, texts, watch)
        return self._reranking.apply(ranking, texts, watch) if self._reranking else ranking

    def _explained(self, found: Found, groups: Sequence[Group], shown: Sequence[Shown], ask: Ask) -> dict[str, object]:
        """Explain the results, how the question was read, and what its filters and freshness did, if it has any."""
        ranking = found.ranking
        explained = explain_ranking(ranking, groups, shown, found.judge, found.texts, self._tokenizer)
        if ranking.query.reading is not None:
            explained["reading"] = describe_reading(ranking)
        if ask.filters is not None:
            explained["filters"] = self._admission.account(
                found.connection, found.collection, found.snapshot, ask.filters
            )
        if ask.freshness is not None:
            explained["freshness"] = freshness.describe(ranking, ask.freshness, [group.place for group in groups])
        return explained | describe_confidence(found.judge, groups)

    def _confidence(self, connection: Connection, snapshot: Snapshot, texts: Texts, ranking: Ranking) -> float:
        """Judge the first passage of a ranking; 0 without one."""
        judge = self._judge(connection, snapshot, ranking, texts)
        return next(judge.scores([(ranking.order[0], ())])) if judge else 0.0

    def _judge(self, connection: Connection, snapshot: Snapshot | None, ranking: Ranking, texts: Texts) -> Judge | None:
        """Make ready to judge the candidates; None without any."""
        if snapshot is None or ranking.evidence is None:
            return None
        typical = self._typical.of(connection, snapshot, ranking.evidence.candidates)
        candidates = ranking.evidence.candidates
        cohort = self._cohorts.of(ranking.query.text, lambda place: self._segments.read(candidates[place].block))
        return Judge(ranking, typical, texts, self._adjustment(), cohort)

    def _shown(self, found: Found, groups: Sequence[Group], ask: Ask) -> list[Shown]:
        ranking = found.ranking
        if ranking.evidence is None:
            return []
        if ranking.query.reading is not None:
            ask = replace(ask, question=ranking.query.reading.asks)
        presenter = Presenter(found.connection, ranking.evidence, self._tokenizer, found.texts, self._sentences)
        return presenter.show(groups, found.scores(groups), ask, ranking.words.by_word)

    def rank_articles(
        self, question: str, collection_name: str, snapshot: Snapshot | None, depth: int
    ) -> list[tuple[str, float]]:
        """Rank distinct articles by their best passage, those that copy it right after it.

        Returns:
            (article id, score), best first, at most `depth`; the scores are those of `Ranking.scores`. A copy has the
            score of the passage that stands for it if its own is equal, else the next lower number.
        """
        watch = Stopwatch()
        query = self._queries.read(question, watch)
        with self._catalog.read() as connection:
            collection = collections.get(connection, collection_name)
            texts = Texts(connection)
            ranking = self._rank(connection, collection, snapshot, query, texts, watch)
            best: dict[str, float] = {}
            found = Found(connection, collection, snapshot, texts, ranking, None, self._comparisons)
            for group in found.groups():
                for article, score in _scored(ranking, group):
                    best.setdefault(article, score)
                if len(best) >= depth:
                    break
        return list(best.items())[:depth]


def _scored(ranking: Ranking, group: Group) -> Iterator[tuple[str, float]]:
    """Give a result's article and those of its copies with their scores: first those that have the same."""
    assert ranking.evidence is not None
    candidates, scores = ranking.evidence.candidates, ranking.scores
    own = float(scores[group.place])
    yield candidates[group.place].article_id, own
    equal = {candidates[place].article_id for place in np.flatnonzero(scores == own).tolist()}
    yield from ((source.article_id, own) for source in group.sources if source.article_id in equal)
    below = math.nextafter(own, -math.inf)
    yield from ((source.article_id, below) for source in group.sources if source.article_id not in equal)
