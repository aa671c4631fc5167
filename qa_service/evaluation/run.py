"""Runs an evaluation to a report: in a fresh, empty data directory, or on a collection that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa_service.config import Settings
from qa_service.evaluation.asking import Asker
from qa_service.evaluation.bootstrap import estimate
from qa_service.evaluation.datasets import AnchorSet, RankingSet, UnansweredQuestion
from qa_service.evaluation.measures import measures_of
from qa_service.evaluation.measuring import (
    COLLECTION,
    IngestFigures,
    Track,
    check_questions,
    fresh_engine,
    ingest,
    no_tracking,
    opened_engine,
    time_asking,
)
from qa_service.evaluation.report import Conditions, Report
from qa_service.evaluation.unanswered import take_out

if TYPE_CHECKING:
    from qa_service.engine import Engine


def evaluate(
    dataset: RankingSet | AnchorSet,
    settings: Settings,
    track: Track[Any] = no_tracking,
    open_engine: Callable[[Settings], Engine] | None = None,
    *,
    share_out: float = 0.0,
    seed: int = 0,
    unanswered: Sequence[UnansweredQuestion] = (),
    collection: str | None = None,
) -> Report:
    """Ask the questions of a set.

    Parameters:
        dataset: from one of the loaders.
        settings: all count, the data directory only with `collection`.
        track: shows progress.
        open_engine: opens the engine; the service's own by default.
        share_out: the share of the articles that is not ingested, see `take_out`; their questions are asked all the
            same, as unanswerable ones.
        seed: decides which articles those are.
        unanswered: more questions that the set does not answer.
        collection: the collection to ask as it is, instead of ingesting the set's articles into a temporary data
            directory.

    Errors:
        BadInput: the set has no usable article, or a question that the service refuses.
        NotFound: no such collection, or it lacks an article that an anchored question names.
    """
    conditions = Conditions.of(dataset, share_out, seed)
    taken: tuple[UnansweredQuestion, ...] = ()
    if share_out:
        dataset, taken = take_out(dataset, share_out, seed)
    others = (*taken, *unanswered)
    check_questions([*dataset.questions, *others], settings)
    with _asked(dataset, settings, track, open_engine, collection) as (engine, name, figures):
        # Timed before the full run, lest a cache of question vectors flatter the times.
        timed, latencies = time_asking(engine, [question.text for question in dataset.questions], track, name)
        asker = Asker(engine, name, track)
        if isinstance(dataset, RankingSet):
            records = asker.judged(dataset.questions)
        else:
            records = asker.anchored(dataset.questions)
        records += asker.unanswered(others)
        model, threshold = engine.encoder.fingerprint, engine.settings.min_confidence
    estimates = estimate(measures_of(records), [record.cluster for record in records])
    return Report(conditions, model, threshold, estimates, figures, timed, latencies, records)


@contextmanager
def _asked(
    dataset: RankingSet | AnchorSet,
    settings: Settings,
    track: Track[Any],
    open_engine: Callable[[Settings], Engine] | None,
    collection: str | None,
) -> Iterator[tuple[Engine, str, IngestFigures | None]]:
    """Give an engine, the collection to ask, and what filling it took."""
    if collection is not None:
        with opened_engine(settings, open_engine) as engine:
            yield engine, collection, None
        return
    with fresh_engine(settings, open_engine) as engine:
        yield engine, COLLECTION, ingest(engine, dataset.articles, track)
