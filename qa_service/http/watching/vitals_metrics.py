"""What is looked up when metrics are read, so that no question pays for it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, get_args

from flask import Flask
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from qa_service.errors import Unavailable
from qa_service.http.host import EngineHost
from qa_service.http.watching.metrics import Metrics
from qa_service.types import JobState, Readiness
from qa_service.vitals import CollectionVitals, Vitals

MOST_COLLECTIONS = 100
"""Collections that have series of their own, the largest ones: anybody who may write can make more."""
OTHERS = "(others)"
"""The label of all others together; no collection can have this name."""
_JOB_STATES = get_args(JobState)
LOAD = "load"
_log = logging.getLogger(__name__)


class ServerLoad(Protocol):
    """What a server tells of its connections and queues, and the refusals that no application saw, by reason."""

    @property
    def working(self) -> int: ...  # noqa: D102

    @property
    def waiting(self) -> Mapping[str, int]: ...  # noqa: D102

    @property
    def connections(self) -> int: ...  # noqa: D102

    @property
    def refused(self) -> Mapping[str, int]: ...  # noqa: D102


class VitalsMetrics(Collector):
    """Reads readiness and vitals of a host's engine; while there is none, only that it is not ready.

    Parameters:
        app: keeps what its server has to do under "load", if that counts it.
        metrics: what the application counted itself.
    """

    def __init__(self, app: Flask, host: EngineHost, metrics: Metrics) -> None:
        self._app = app
        self._host = host
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance, so that registering reads nothing."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Look at the engine."""
        try:
            readiness = self._host.engine().readiness()
        except Unavailable:
            readiness = Readiness(False, "no engine")
        yield from _of_readiness(readiness)
        try:
            vitals = self._host.engine().vitals()
        except Unavailable:
            vitals = Vitals()
        except Exception:
            # The catalogue cannot be read, which readiness tells; what was counted is given all the same.
            _log.exception("metrics are given without what is stored")
            vitals = Vitals()
        load: ServerLoad | None = self._app.extensions.get(LOAD)
        yield from _of_server(load, self._metrics.refusals())
        yield from _of_questions(vitals, load.waiting if load else {})
        yield from _of_collections(_bounded(vitals.collections))
        yield from _of_jobs(vitals)
        if vitals.free_bytes is not None:
            yield GaugeMetricFamily(
                "qa_disk_free_bytes", "Room on the disk of the data directory.", value=vitals.free_bytes
            )


def _of_readiness(readiness: Readiness) -> Iterator[Metric]:
    yield GaugeMetricFamily("qa_ready", "Whether questions can be answered.", value=float(readiness.ready))
    checks = GaugeMetricFamily("qa_check_ok", "Whether what /readyz looks at is well.", labels=("check",))
    for name, is_well in readiness.checks.items():
        checks.add_metric((name,), float(is_well))
    yield checks


def _of_server(load: ServerLoad | None, refusals: Counter[str]) -> Iterator[Metric]:
    refused = CounterMetricFamily(
        "qa_refused", "Requests refused for whom they came from or for how many came.", labels=("reason",)
    )
    if load is not None:
        # Streams are refused by the application, which has counted them.
        refusals.update({reason: count for reason, count in dict(load.refused).items() if reason != "streams"})
        yield GaugeMetricFamily("qa_requests_working", "Requests that are worked on.", value=load.working)
        yield GaugeMetricFamily("qa_connections", "Connections that are open.", value=load.connections)
    for reason, count in sorted(refusals.items()):
        refused.add_metric((reason,), count)
    yield refused


def _of_questions(vitals: Vitals, waiting: Mapping[str, int]) -> Iterator[Metric]:
    queues = GaugeMetricFamily(
        "qa_queue_waiting", "Requests that wait for a thread, questions also for their turn.", labels=("kind",)
    )
    for kind in ("question", "write", "side"):
        queues.add_metric((kind,), waiting.get(kind, 0) + (vitals.waiting if kind == "question" else 0))
    yield queues
    cache = CounterMetricFamily("qa_question_cache", "Questions by whether their vector was known.", labels=("result",))
    if vitals.cached is not None:
        for result, count in zip(("hit", "miss"), vitals.cached, strict=True):
            cache.add_metric((result,), count)
    yield cache
    logged = CounterMetricFamily(
        "qa_question_log", "Questions for the question log, by whether they were written.", labels=("result",)
    )
    if vitals.logged is not None:
        for result, count in zip(("written", "dropped"), vitals.logged, strict=True):
            logged.add_metric((result,), count)
    yield logged
    batches = HistogramMetricFamily("qa_encoder_batch_texts", "Questions that the encoder took at once.")
    if vitals.batches is not None:
        batches.add_metric((), *_histogram(vitals.batches))
    yield batches


def _histogram(counts: Sequence[int]) -> tuple[list[tuple[str, float]], float]:
    """Make cumulative buckets and a sum of counts by size; the last count is of that size or more."""
    buckets: list[tuple[str, float]] = []
    total = 0
    for size, count in enumerate(counts):
        total += count
        if size:
            buckets.append(("+Inf" if size == len(counts) - 1 else str(float(size)), total))
    return buckets, float(sum(size * count for size, count in enumerate(counts)))


def _of_collections(found: Sequence[CollectionVitals]) -> Iterator[Metric]:
    label = ("collection",)
    articles = GaugeMetricFamily("qa_index_articles", "Articles of a collection.", labels=label)
    passages = GaugeMetricFamily("qa_index_passages", "Passages of a collection.", labels=label)
    age = GaugeMetricFamily(
        "qa_generation_age_seconds", "Time since the generation was made that is served of a collection.", labels=label
    )
    lag = GaugeMetricFamily(
        "qa_generation_lag_seconds",
        "For how long writes to a collection have not shown in what is served.",
        labels=label,
    )
    for one in found:
        name = (one.name,)
        articles.add_metric(name, one.articles)
        passages.add_metric(name, one.passages)
        lag.add_metric(name, one.lag_s)
        if one.generation_age_s is not None:
            age.add_metric(name, one.generation_age_s)
    yield from (articles, passages, age, lag)


def _bounded(found: Sequence[CollectionVitals]) -> list[CollectionVitals]:
    """Give the largest collections, and all others as one: sums, and the worst of their times."""
    ordered = sorted(found, key=lambda one: -one.passages)
    kept, rest = ordered[:MOST_COLLECTIONS], ordered[MOST_COLLECTIONS:]
    if not rest:
        return kept
    ages = [one.generation_age_s for one in rest if one.generation_age_s is not None]
    together = CollectionVitals(
        OTHERS,
        sum(one.articles for one in rest),
        sum(one.passages for one in rest),
        max(ages, default=None),
        max(one.lag_s for one in rest),
    )
    return [*kept, together]


def _of_jobs(vitals: Vitals) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("qa_jobs", "Jobs by state.", labels=("state",))
    for state in _JOB_STATES:
        jobs.add_metric((state,), vitals.jobs.get(state, 0))
    yield jobs
    yield GaugeMetricFamily(
        "qa_oldest_job_seconds",
        "Time since the oldest unfinished job was queued; 0 without one.",
        value=vitals.oldest_job_s,
    )
