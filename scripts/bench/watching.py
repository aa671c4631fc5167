#!/usr/bin/env python
"""What watching costs: processor time that metrics, the log and traces add to a question, and of reading metrics.

    scripts/bench/watching.py [--rounds 20000] [--out DIR]

In this process, by one thread; a question has the stages of `/v1/ask`. `with 8 threads` has so many count at once,
which take the interpreter from each other. Processor time is what it costs other questions, as one thread at a time
has the interpreter; it hardly depends on what else runs. Traces are measured where the extra `otel` is installed; their
spans are made and dropped.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, Response, g
from gunicorn.config import Config
from prometheus_client import generate_latest
from report import Table, publish

from qa_service import logs
from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http.gunicorn_log import ServerLog
from qa_service.http.host import EngineHost
from qa_service.http.watching import requests, tracing
from qa_service.http.watching.metrics import Metrics
from qa_service.http.watching.vitals_metrics import MOST_COLLECTIONS, VitalsMetrics
from qa_service.types import Ask, Readiness, Result
from qa_service.vitals import CollectionVitals, Vitals

STAGES = ("encode", "tokenize", "turn", "nominate", "fetch", "score", "refine", "copies", "render")
ROUNDS_OF_ALL, THREADS, SCRAPES = 5, 8, 50
ASK = Ask("")
RESULT = Result("", True, 0.7, None, (), dict.fromkeys(STAGES, 1.3) | {"total": 12.0}, "1-1-1")


def main() -> None:
    """Measure each part, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20_000)
    parser.add_argument("--out", type=Path, help="folder for watching.json")
    options = parser.parse_args()
    metrics = Metrics()

    def counted() -> None:
        metrics.answered(ASK, RESULT)
        metrics.request_ended("POST /v1/ask", 200, 0.0123)

    figures = {
        "metrics of a question": median_us(counted, options.rounds),
        f"metrics of a question, with {THREADS} threads": threaded_us(counted, options.rounds),
        "all hooks of a request, metrics": hooks_us(Settings(), options.rounds),
        "a line of JSON for a request": line_us(options.rounds),
    }
    with contextlib.suppress(ConfigError):
        figures["all hooks of a request, metrics and spans"] = hooks_us(Settings(otel=True), options.rounds)
    reading = reading_ms(metrics)
    rows = [*((name, us, "us") for name, us in figures.items()), ("reading /metrics, 100 collections", reading, "ms")]
    facts = {"rounds": options.rounds, "us": figures, "reading_ms": reading}
    publish("watching", facts, [Table("What watching costs", ("", "median", "unit"), rows)], [], options.out)


def median_us(what: Callable[[], object], rounds: int) -> float:
    """Give the microseconds of a call, the median of some rounds of many."""
    return statistics.median(timed(what, rounds) for _ in range(ROUNDS_OF_ALL)) / rounds * 1e6


def timed(what: Callable[[], object], rounds: int) -> float:
    """Give the seconds of processor time of many calls."""
    began = time.process_time()
    for _ in range(rounds):
        what()
    return time.process_time() - began


def threaded_us(what: Callable[[], object], rounds: int) -> float:
    """Give the microseconds of a call where several threads do the same, all of their calls together."""
    each = rounds // THREADS

    def together() -> float:
        threads = [threading.Thread(target=timed, args=(what, each)) for _ in range(THREADS)]
        began = time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.process_time() - began

    return statistics.median(together() for _ in range(ROUNDS_OF_ALL)) / (each * THREADS) * 1e6


def hooks_us(settings: Settings, rounds: int) -> float:
    """Give the microseconds that all hooks of an application add to a request with a question."""
    return hooked(settings, rounds) - hooked(None, rounds)


def hooked(settings: Settings | None, rounds: int) -> float:
    """Run an application's hooks around a question, without its view; with no settings it has none."""
    app = Flask(__name__)
    app.add_url_rule("/v1/ask", "ask", lambda: Response(b"{}"), methods=["POST"])
    listeners: list[Callable[[Ask, Result], None]] = []
    engine = SimpleNamespace(on_answer=listeners.append)
    if settings is not None:
        host = EngineHost(settings, engine)  # type: ignore[arg-type]
        requests.init_app(app, host)
        tracing.init_app(app, settings, host, dropping() if settings.otel else None)

    def request() -> None:
        with app.test_request_context("/v1/ask", method="POST"):
            app.preprocess_request()
            for listener in listeners:
                listener(ASK, RESULT)
            app.process_response(Response(b"{}"))
            g.pop("span", None)

    return median_us(request, rounds // 10)


def dropping() -> object:
    """Give an exporter that drops its spans."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415

    class Dropping(SpanExporter):
        def export(self, _spans: object) -> SpanExportResult:  # type: ignore[override]
            return SpanExportResult.SUCCESS

    return Dropping()


def line_us(rounds: int) -> float:
    """Give the microseconds of writing a request's line, and then dropping it."""
    config = Config()
    config.set("accesslog", "-")
    log = ServerLog(config)
    logger = logging.getLogger("qa_service.access")
    environ = {"REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "POST", "RAW_URI": "/v1/ask"}
    answer = SimpleNamespace(status="200 OK", sent=2048)
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        handler = logging.StreamHandler(nowhere)
        handler.setFormatter(logs.JsonFormatter())
        logger.handlers, logger.propagate = [handler], False
        return median_us(lambda: log.access(answer, None, environ, timedelta(milliseconds=12.3)), rounds)


def reading_ms(metrics: Metrics) -> float:
    """Give the milliseconds of writing all metrics, with as many collections as have labels."""
    found = tuple(CollectionVitals(f"c{n}", n, n, 1.0, 0.0) for n in range(MOST_COLLECTIONS))
    seen = Vitals(collections=found, cached=(1, 2), batches=(0, 1, 2), free_bytes=1)
    engine = SimpleNamespace(readiness=lambda: Readiness(True, "ready"), vitals=lambda: seen)
    host = EngineHost(Settings(), engine)  # type: ignore[arg-type]
    metrics.registry.register(VitalsMetrics(Flask(__name__), host, metrics))
    return median_us(lambda: generate_latest(metrics.registry), SCRAPES) / 1e3


if __name__ == "__main__":
    main()
