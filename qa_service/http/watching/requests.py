"""Watches every request of an application: its metrics, its line in the log, its trace."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import partial

from flask import Flask, Response, current_app, g, request
from prometheus_client.exposition import choose_encoder

from qa_service import logs
from qa_service.config import Settings
from qa_service.http.failure import Failure
from qa_service.http.host import EngineHost
from qa_service.http.watching.metrics import Metrics
from qa_service.http.watching.vitals_metrics import VitalsMetrics

EXTENSION = "qa_metrics"
"""Where an application keeps its `Metrics`."""
REFUSED = (401, 403, 413, 429, 503)
"""Statuses of requests that were refused for whom they came from or for how much came."""
READY = "/readyz"
"""Whose answer, that the service is not ready yet, refuses nothing."""
NOWHERE = "none"
"""The endpoint of requests that no route takes."""
_LONGEST_PATH = 200
_VARIABLE = re.compile(r"<(?:[^<>]*:)?([^<>:]+)>")
_access = logging.getLogger("qa_service.access")


def init_app(app: Flask, settings: Settings, host: EngineHost) -> None:
    """Watch the requests of an application; before all else, so that what refuses a request is watched too."""
    metrics = Metrics()
    metrics.registry.register(VitalsMetrics(host))
    app.extensions[EXTENSION] = metrics
    host.when_open(lambda engine: engine.on_answer(metrics.answered))
    if settings.access_log:
        _access.setLevel(logging.INFO)
    endpoints: dict[tuple[str | None, str], str] = {}
    app.before_request(_begin)
    app.after_request(partial(_watch, metrics, endpoints, _ended if settings.access_log else None))
    app.add_url_rule("/metrics", "metrics", _metrics)


def _begin() -> None:
    g.began = time.perf_counter()


def _watch(
    metrics: Metrics,
    endpoints: dict[tuple[str | None, str], str],
    log: Callable[[Mapping[str, object]], None] | None,
    response: Response,
) -> Response:
    began, status = g.get("began", 0.0), response.status_code
    endpoint = _endpoint(endpoints)
    failure: Failure | None = g.get("failure")
    if failure is not None and failure.status in REFUSED and request.path != READY:
        metrics.refused(failure.kind)
    about: dict[str, object] = {}
    if log is not None:
        path = logs.one_line(request.path[:_LONGEST_PATH])
        about = {"client": request.remote_addr, "method": request.method, "path": path, "status": status}

    def end() -> None:
        seconds = time.perf_counter() - began
        metrics.request_ended(endpoint, status, seconds)
        if log is not None:
            log({**about, "bytes": response.content_length, "ms": round(seconds * 1e3, 1)})
        logs.forget_request()

    # What a file is sent from is handed to the server as it is, which tells nobody of its end.
    if response.is_streamed and not response.direct_passthrough:
        response.call_on_close(end)
    else:
        end()
    return response


def _endpoint(known: dict[tuple[str | None, str], str]) -> str:
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


def _ended(about: Mapping[str, object]) -> None:
    size = "streamed" if about["bytes"] is None else f"{about['bytes']} bytes"
    line = "{client} {method} {path} {status} {size} {ms} ms".format_map({**about, "size": size})
    _access.info("%s", line, extra={logs.FIELDS: about})


def _metrics() -> Response:
    metrics: Metrics = current_app.extensions[EXTENSION]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(metrics.registry), content_type=content_type)
