"""Traces with OpenTelemetry: a span for each request, under it one for each question, under that its stages.

Spans hold names, numbers and ids of routes; no question, no text, no key. OpenTelemetry is imported when traces are on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flask import Flask, Response, g, has_request_context, request

from qa_service import logs
from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http.host import EngineHost
from qa_service.http.watching.metrics import TOTAL
from qa_service.types import Ask, Result

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

EXTENSION = "qa_tracing"
"""Where an application keeps its `Tracing`, if it has one."""
SERVICE_NAME = "qa-service"
_UNTRACED = ("/healthz", "/readyz", "/metrics", "/static/")
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def check_installed(settings: Settings) -> None:
    """Make sure that traces can be made if they are wanted.

    Errors:
        ConfigError: the extra is not installed.
    """
    if settings.otel and not all(_is_there(name) for name in _NEEDED):
        raise ConfigError(
            "OpenTelemetry is not installed", field="QA_OTEL", remedy="install it with pip install 'qa-service[otel]'"
        )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even what it is in
        return False


def init_app(app: Flask, settings: Settings, host: EngineHost, exporter: SpanExporter | None = None) -> None:
    """Trace an application's requests if the settings say so.

    Parameters:
        exporter: what spans are given to; None sends them where the OTEL_EXPORTER_OTLP_... variables say.

    Errors:
        ConfigError: the extra is not installed.
    """
    if not settings.otel:
        return
    check_installed(settings)
    tracing = Tracing(exporter)
    app.extensions[EXTENSION] = tracing
    host.when_open(lambda engine: engine.on_answer(tracing.answered))
    app.before_request(tracing.begin)
    app.after_request(tracing.end)


class Tracing:
    """Makes the spans of one application, with a provider of its own."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import SERVICE_NAME as NAME  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        named = Resource({NAME: SERVICE_NAME}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("qa_service")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self) -> None:
        """Begin the span of a request, in the trace of its caller if it names one."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415

        rule = request.url_rule
        if request.path.startswith(_UNTRACED) or rule is None:
            return
        span = self._tracer.start_span(
            f"{request.method} {rule.rule}",
            context=self._propagator.extract(_carried()),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "http.route": rule.rule},
        )
        g.span = span
        logs.trace_id.set(f"{span.get_span_context().trace_id:032x}")

    def answered(self, _ask: Ask, result: Result) -> None:
        """Make the spans of a question and its stages, once their times are known.

        Stages are laid end to end in the order in which they began: one that came back is a single span.
        """
        span = g.get("span") if has_request_context() else None
        if span is None or not span.is_recording():
            return
        ended = time.time_ns()
        began = ended - _ns(result.timings_ms.get(TOTAL, 0.0))
        attributes: dict[str, bool | float | str] = {
            "qa.answerable": result.answerable,
            "qa.confidence": result.confidence,
            "qa.passages": len(result.passages),
            "qa.generation": result.generation,
        }
        question = self._child(span, "question", began, attributes)
        for stage, ms in result.timings_ms.items():
            if stage != TOTAL:
                self._child(question, stage, began, {}).end(began := began + _ns(ms))
        question.end(ended)

    def end(self, response: Response) -> Response:
        """End the span of a request; that of a stream once it has ended."""
        span: Span | None = g.pop("span", None)
        if span is None:
            return response
        span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            span.set_status(StatusCode.ERROR)
        if response.is_streamed and not response.direct_passthrough:
            response.call_on_close(span.end)
        else:
            span.end()
        return response

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _child(self, parent: Span, name: str, began: int, attributes: Mapping[str, str | bool | int | float]) -> Span:
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        return self._tracer.start_span(
            name, context=set_span_in_context(parent), start_time=began, attributes=dict(attributes)
        )


def _carried() -> dict[str, str]:
    """Give the headers that name the caller's trace."""
    return {name: request.headers[name] for name in ("traceparent", "tracestate") if name in request.headers}


def _ns(ms: float) -> int:
    return int(ms * 1e6)
