"""What is counted as it happens. Labels are routes, statuses and words of our own, never what a client sent."""

from __future__ import annotations

import collections
import threading

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from qa_service.types import Ask, Result

_REQUEST_S = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
_STAGE_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)
_CONFIDENCE = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)
TOTAL = "total"
"""The one of a result's timings that is no stage."""


class Metrics:
    """The metrics of one application, in a registry of their own. Safe for threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Histogram(
            "qa_request_seconds",
            "Time of requests, by method and route: until the answer is made, of a stream until its end.",
            ("endpoint", "status"),
            buckets=_REQUEST_S,
            registry=self.registry,
        )
        self._questions_s = Histogram(
            "qa_question_seconds",
            "Time of questions within the service, in whatever protocol they came.",
            buckets=_REQUEST_S,
            registry=self.registry,
        )
        self._stages = Histogram(
            "qa_stage_seconds",
            "Time of a question's stages; `turn` is what it waited for others.",
            ("stage",),
            buckets=_STAGE_S,
            registry=self.registry,
        )
        self._confidence = Histogram(
            "qa_confidence",
            "Confidence of questions: the probability that the first passage answers.",
            buckets=_CONFIDENCE,
            registry=self.registry,
        )
        questions = Counter(
            "qa_questions", "Questions by whether they were answerable.", ("answerable",), registry=self.registry
        )
        # There from the start, so that the first question of a kind is seen as an increase.
        self._answered = {known: questions.labels(str(known).lower()) for known in (True, False)}
        self._refused: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._by_stage: dict[str, Histogram] = {}

    def request_ended(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request; `endpoint` is the name of a route, not a path that was asked for."""
        self._requests.labels(endpoint, str(status)).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that was not let in or not taken; `reason` is one of our own words."""
        with self._lock:
            self._refused[reason] += 1

    def refusals(self) -> collections.Counter[str]:
        """Tell how many requests were refused so far, by reason."""
        with self._lock:
            return self._refused.copy()

    def answered(self, _ask: Ask, result: Result) -> None:
        """Count a question that got its result."""
        for stage, ms in result.timings_ms.items():
            if stage == TOTAL:
                self._questions_s.observe(ms / 1e3)
                continue
            timed = self._by_stage.get(stage)
            if timed is None:
                timed = self._by_stage[stage] = self._stages.labels(stage)
            timed.observe(ms / 1e3)
        self._confidence.observe(result.confidence)
        self._answered[result.answerable].inc()
