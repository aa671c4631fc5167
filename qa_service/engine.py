"""The composition root: settings become store, encoder, indexes and retriever, behind one small face."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace

from embeddings.encoder import Encoder
from embeddings.reranker import Reranker
from qa_service import agreement, assembly, erasing, index_place, maintenance, shelves
from qa_service.asked import Feedback, Judged
from qa_service.background import Background
from qa_service.config import Settings
from qa_service.drafting import Prepared
from qa_service.errors import BadInput
from qa_service.explanation import Explanation, Target
from qa_service.fitness import Fitness
from qa_service.forgetting import Forgetting
from qa_service.index.opened import OpenedCollections
from qa_service.ingest import Ingestor, passage_tokens
from qa_service.keys import key_file
from qa_service.library import Library
from qa_service.model_file import ModelFile
from qa_service.names import DEFAULT_COLLECTION
from qa_service.question import check_history, check_question
from qa_service.question_notes import QuestionNotes
from qa_service.retrieval.adjustment import AdjustmentFile
from qa_service.retrieval.calibration import Adjustment
from qa_service.retrieval.cohorts import Cohorts
from qa_service.retrieval.given import GivenDocuments
from qa_service.retrieval.reranking import Reranking
from qa_service.retrieval.search import Searcher
from qa_service.store import collections, jobs
from qa_service.store.catalog import Catalog
from qa_service.store.opening import open_catalog
from qa_service.taking_in import TakingIn
from qa_service.text.tokens import Tokenizer
from qa_service.types import (
    ArticleDetail,
    ArticlePage,
    Ask,
    CollectionInfo,
    Job,
    Outcome,
    Readiness,
    Result,
    Submission,
)
from qa_service.vitals import Vitals, read_vitals


class Engine:
    """Everything the edges need. Safe for threads."""

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        catalog: Catalog,
        reranker: Reranker | None = None,
        adjusted: bool = True,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        self.settings = settings
        self.encoder = encoder
        self.catalog = catalog
        self.library = Library(catalog)
        self.segments = catalog.segments()
        self.tokenizer = tokenizer or assembly.load_tokenizer(settings)
        versions = assembly.versions(encoder, self.tokenizer, settings)
        self.generations = assembly.indexes(settings, catalog, self.segments, versions)
        repair = assembly.repairer(settings)
        self._reranking = Reranking(reranker, settings.rerank_depth) if reranker else None
        self.adjustment = AdjustmentFile(settings.data_dir, encoder)
        adjustment = self.adjustment.read if adjusted else Adjustment
        cohorts = Cohorts(encoder)
        self._searcher = Searcher(catalog, self.segments, encoder, self.tokenizer, cohorts, self._reranking, adjustment)
        self.generations.while_waiting(self._searcher.pause)
        self._given = GivenDocuments(
            encoder, self.tokenizer, passage_tokens(encoder), repair, self._reranking, adjustment, cohorts
        )
        self.opened = OpenedCollections(catalog, self.generations)
        self._ingestor = Ingestor(
            catalog, self.segments, self.generations, encoder, self.tokenizer, settings.max_article_chars, repair
        )
        self.taking_in = TakingIn(catalog, self._ingestor, self.opened, self._compact_soon)
        forgetting = Forgetting(self.opened.open_snapshots, [catalog.kept, self._searcher])
        self._background = Background(
            settings, catalog, self.generations, self.opened, self.taking_in.ingest_batches, self.compact, forgetting
        )
        self._fitness = Fitness(catalog, self.generations, settings.min_free_mb << 20)
        self._listeners: list[Callable[[Ask, Result], None]] = []
        self.questions = QuestionNotes(settings, catalog)
        self._model_file = ModelFile(settings)
        self._closed = False

    @classmethod
    def open(
        cls,
        settings: Settings,
        encoder: Encoder | None = None,
        *,
        recover: bool = True,
        asking: bool = True,
        adjusted: bool = True,
    ) -> Engine:
        """Load the models, open the data directory and make ready what a crash left unpublished.

        `recover=False` is for `rebuild`, which accepts indexes made with other settings; `asking=False` is for what
        asks nothing and needs no reranker; `adjusted=False` leaves confidences as the package's calibration has them.

        Errors:
            ConfigError: the reranker cannot be loaded.
            Incompatible: the indexes were made with another model or other settings.
            Unavailable, Damaged: the data directory cannot be used. A single damaged collection is none of this: it
                is refused when it is asked, and named in the warnings of `readiness`.
        """
        with contextlib.ExitStack() as failed:
            catalog = open_catalog(settings)
            failed.callback(catalog.close)
            encoder, tokenizer, reranker = assembly.load_parts(settings, encoder, asking)
            engine = cls(settings, encoder, catalog, reranker, adjusted, tokenizer)
            failed.callback(engine.close)
            if asking and adjusted:
                engine.adjustment.check()
                if settings.catalog is not None:
                    agreement.ensure(catalog, engine.adjustment.path)
            if recover:
                index_place.ensure(catalog, settings, engine.generations)
                engine.recover(partly=True)
            failed.pop_all()
        return engine

    def ask(self, ask: Ask) -> Result:
        """Answer a question.

        Errors:
            BadInput: the question is empty, too long or holds control characters; the history is too long or has a
            role that is not known. NotFound: no such collection.
        """
        result = self.questions.note(ask, self._answer(ask))
        for listener in self._listeners:
            listener(ask, result)
        return result

    def on_answer(self, listener: Callable[[Ask, Result], None]) -> None:
        """Have each question told with its result, by the thread that asked; it must be quick and never fail."""
        self._listeners.append(listener)

    def feedback(self, feedback: Feedback, may_see: Callable[[str], bool] = lambda _: True) -> Judged:
        """Keep a judgement of an answer in the question log; see `QuestionNotes.judge`."""
        return self.questions.judge(feedback, self._answer, may_see)

    def explain(self, ask: Ask, target: Target) -> Explanation:
        """Tell why an article or a passage is among the results of a question or is not.

        Errors:
            BadInput: as for `ask`, or not exactly one of article and passage is named. NotFound: no such collection,
            article or passage.
        """
        if (target.article_id is None) == (target.passage_id is None):
            given = "both" if target.article_id is not None else "neither"
            raise BadInput(
                f"{given} of article_id and passage_id is given", field="article_id", remedy="give exactly one of them"
            )
        ask, threshold = self._checked(ask)
        return self.opened.use(ask.collection, lambda one: self._searcher.explain(ask, target, one, threshold))

    def rank(self, question: str, collection: str = DEFAULT_COLLECTION, depth: int = 100) -> list[tuple[str, float]]:
        """Rank the best `depth` articles for a question, best first; see `Searcher.rank_articles`."""
        check_question(question, self.settings.max_question_chars)
        return self.opened.use(collection, lambda one: self._searcher.rank_articles(question, collection, one, depth))

    def rerank(self, question: str, documents: Sequence[str]) -> list[tuple[int, float]]:
        """Put documents in order that come with the question; see `GivenDocuments.rank`."""
        check_question(question, self.settings.max_question_chars)
        return self._given.rank(question, documents)

    def ingest(
        self, submissions: Iterable[Submission | Prepared], collection: str = DEFAULT_COLLECTION
    ) -> Iterator[Outcome]:
        """Take articles in; yield an outcome for each, in order; see `TakingIn.ingest`."""
        return self.taking_in.ingest(submissions, collection)

    def ingestor(self) -> Ingestor:
        """Give a writer over this engine's store."""
        return self._ingestor

    def prune(self, collection: str, keep: Container[str]) -> list[str]:
        """Delete the articles of a collection whose ids are not in `keep`; return their ids."""
        return self.taking_in.prune(collection, keep)

    def delete_article(self, collection: str, article_id: str) -> None:
        """Delete an article; see `TakingIn.delete_article`."""
        self.taking_in.delete_article(collection, article_id)

    def articles(self, collection: str, limit: int = 50, cursor: str | None = None) -> ArticlePage:
        """List a page of articles; see `Library.articles`."""
        return self.library.articles(collection, limit, cursor)

    def article(self, collection: str, article_id: str) -> ArticleDetail:
        """Read one article; see `Library.article`."""
        return self.library.article(collection, article_id)

    def collections(self) -> list[CollectionInfo]:
        """List the collections by name."""
        return self.library.collections()

    def create_collection(self, name: str) -> bool:
        """Make an empty collection; False when it exists already; see `shelves.create`."""
        made = shelves.create(self.catalog, self.generations, name)
        if made:
            self.opened.refresh(name)
        return made

    def delete_collection(self, name: str) -> None:
        """Delete a collection with all its articles; `default` comes back empty; see `shelves.delete`."""
        shelves.delete(self.catalog, self.generations, name)
        self.questions.forget(name)

    def submit(self, submissions: Sequence[Submission], collection: str) -> Job:
        """Queue articles as a durable job, which `start_workers` works on, now or after a restart."""
        job_id = shelves.queue(self.catalog, submissions, collection)
        self._background.wake()
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        """Read a job; see `Library.job`. Once it is told to be done, what it took is in every answer."""
        job = self.library.job(job_id)
        if job.finished_at is not None:
            # Another process may have taken it, and nobody here may have looked since.
            self.opened.follow(job.collection)
        return job

    def start_workers(self) -> None:
        """Start what only a server runs: jobs, compaction, and following what other processes publish."""
        self._background.start()
        self._model_file.watch()
        self.questions.start()

    def readiness(self) -> Readiness:
        """Tell whether questions can be answered, and what is wrong though they can."""
        if self._closed:
            return Readiness(False, "closing")
        reranking = self._reranking.warnings() if self._reranking else []
        return self._fitness.readiness(
            {
                "background": self._background.warnings(),
                "reranker": reranking,
                "calibration": self.adjustment.warnings(),
                "questions": self.questions.warnings(),
                "model": self._model_file.warnings(),
            }
        )

    def vitals(self) -> Vitals:
        """Look at queue, memory of questions, collections and jobs, for the metrics."""
        served, lag = self.opened.served(), self._background.lag.seconds()
        found = read_vitals(self.catalog, self.encoder, self._searcher.waiting, served, lag)
        return replace(found, logged=self.questions.counts())

    def compact(self, name: str) -> None:
        """Fold a collection's delta into its base if it has grown enough, and give back what the dead take up.

        See `TakingIn.compact` and `erasing.reclaim`.
        """
        if self.taking_in.compact(name) and erasing.reclaim(self.catalog, self.segments, self.generations):
            self.opened.follow_all()

    def compact_everything(self, *, erase: bool) -> None:
        """Fold every collection into a new base; with `erase`, leave nothing of the deleted; see `erasing`."""
        if erase:
            with self.catalog.writer_lock(), self.catalog.write() as tx:
                jobs.clear_ended(tx)
        erasing.compact_everything(self.catalog, self.segments, self.generations, erase=erase)
        self.opened.recover()

    def check(self) -> list[str]:
        """Verify everything stored; return the problems, each with its remedy."""
        stored = maintenance.check(self.catalog, self.segments, self.generations, self._ingestor.processing)
        others = [*self.adjustment.problems(), *self.questions.problems(), *self._model_file.problems()]
        return [*stored, *others, *key_file.problems(self.settings.data_dir)]

    def measure_recall(self, collection: str | None, queries: int) -> list[maintenance.Recall]:
        """Measure how much of an exact search the vector indexes of a collection, or of all, find; and record it."""
        return maintenance.measure_recall(self.catalog, self.generations, collection, queries)

    def rebuild(self) -> None:
        """Process what was made with other settings anew and build every index from catalogue and vectors."""
        maintenance.rebuild(self.catalog, self.segments, self.generations, self.ingestor())
        if self.settings.milvus is not None:
            with self.catalog.writer_lock(), self.catalog.write() as tx:
                index_place.record(tx, self.settings)
        self.recover()

    def retire(self) -> None:
        """Stop the workers; questions are answered until it is closed."""
        self._background.stop()

    def close(self) -> None:
        """Stop the workers and close the store."""
        self._closed = True
        self._model_file.close()
        self._background.stop()
        self.questions.close()
        self.generations.close()
        self.catalog.close()

    def recover(self, *, partly: bool = False) -> None:
        """Publish what a crash left unpublished, open every collection, and make `default`.

        `partly` does without the collections that are damaged; see `OpenedCollections.recover`.
        """
        self.opened.recover(partly=partly)
        with self.catalog.read() as connection:
            missing = collections.find(connection, DEFAULT_COLLECTION) is None
        if missing:
            self.create_collection(DEFAULT_COLLECTION)

    def _answer(self, ask: Ask) -> Result:
        ask, threshold = self._checked(ask)
        return self.opened.use(ask.collection, lambda one: self._searcher.ask(ask, one, threshold))

    def _checked(self, ask: Ask) -> tuple[Ask, float]:
        """Check a question and fill in from the settings what it leaves open; give its threshold too."""
        check_question(ask.question, self.settings.max_question_chars)
        check_history(ask.history)
        threshold = self.settings.min_confidence if ask.min_confidence is None else ask.min_confidence
        if ask.text_form is None:
            ask = replace(ask, text_form=self.settings.text_form)
        return ask, threshold

    def _compact_soon(self, name: str) -> None:
        if self._background.running:
            self._background.wake(compact=name)
        else:
            self.compact(name)
