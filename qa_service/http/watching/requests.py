"""Watches every request of an application: times and refusals, for its metrics."""

from __future__ import annotations

import re
import time
from functools import partial

from flask import Flask, Response, current_app, g, request
from prometheus_client.exposition import choose_encoder

from qa_service import logs
from qa_service.http.failure import Failure
from qa_service.http.host import EngineHost
from qa_service.http.watching.metrics import Metrics
from qa_service.http.watching.vitals_metrics import VitalsMetrics

EXTENSION = "metrics"
"""Where an application keeps its `Metrics`."""
REFUSED = (401, 403, 413, 429, 503)
"""Statuses of requests that were refused for whom they came from or for how much came."""
READY = "/readyz"
"""Whose answer, that the service is not ready yet, refuses nothing."""
NOWHERE = "none"
"""The endpoint of requests that no route takes."""
_VARIABLE = re.compile(r"<(?:[^<>]*:)?([^<>:]+)>")


def init_app(app: Flask, host: EngineHost) -> None:
    """Watch the requests of an application; before all else, so that what refuses a request is watched too."""
    metrics = Metrics()
    metrics.registry.register(VitalsMetrics(app, host, metrics))
    app.extensions[EXTENSION] = metrics
    host.when_open(lambda engine: engine.on_answer(metrics.answered))
    app.before_request(_begin)
    app.after_request(partial(_watch, metrics, {}))
    app.add_url_rule("/metrics", "metrics", _metrics)


def _begin() -> None:
    g.began = time.perf_counter()


def _watch(metrics: Metrics, endpoints: dict[tuple[str, str], str], response: Response) -> Response:
    began, status = g.get("began", 0.0), response.status_code
    endpoint = _endpoint(endpoints)
    failure: Failure | None = g.get("failure")
    if failure is not None and failure.status in REFUSED and request.path != READY:
        metrics.refused(failure.kind)

    def end() -> None:
        metrics.request_ended(endpoint, status, time.perf_counter() - began)

    # What a file is sent from is handed to the server as it is, which tells nobody of its end.
    if response.is_streamed and not response.direct_passthrough:
        response.call_on_close(end)
    else:
        end()
    response.call_on_close(logs.forget_request)
    return response


def _endpoint(known: dict[tuple[str, str], str]) -> str:
    """Name the route that took the request, such as `GET /v1/articles/{article_id}`: there are as many as routes."""
    rule = request.url_rule
    if rule is None:
        return NOWHERE
    key = rule.endpoint, request.method
    found = known.get(key)
    if found is None:
        path = _VARIABLE.sub(r"{\1}", rule.rule)
        found = known[key] = f"{request.method} {path}"
    return found


def _metrics() -> Response:
    metrics: Metrics = current_app.extensions[EXTENSION]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(metrics.registry), content_type=content_type)
