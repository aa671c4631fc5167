"""Traces: their spans, what these hold, and that nothing of it is loaded when it is off."""

from __future__ import annotations

import subprocess
import sys
from importlib import util
from typing import Any

import pytest
from flask import Flask

from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http import create_app
from qa_service.http.host import EXTENSION as HOST
from qa_service.http.watching import tracing
from tests.http.fake_engine import FakeEngine

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def exporter() -> Any:
    module = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    return module.InMemorySpanExporter()


@pytest.fixture
def app(exporter: Any) -> Flask:
    fake = FakeEngine()
    fake.timings = {"encode": 4.0, "score": 6.0, "total": 11.0}
    made = create_app(Settings(), fake)  # type: ignore[arg-type]
    tracing.init_app(made, Settings(otel=True), made.extensions[HOST], exporter)
    return made


def spans(app: Flask, exporter: Any) -> dict[str, Any]:
    app.extensions[tracing.EXTENSION].close()
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_question_has_a_span_under_its_request_and_its_stages_under_it(app: Flask, exporter: Any) -> None:
    sent = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    app.test_client().post("/v1/ask", json={"question": "绝密问题"}, headers=sent)
    found = spans(app, exporter)
    assert set(found) == {"POST /v1/ask", "question", "encode", "score"}
    request, question = found["POST /v1/ask"], found["question"]
    assert f"{request.context.trace_id:032x}" == TRACE
    assert f"{request.parent.span_id:016x}" == PARENT
    assert request.attributes["http.response.status_code"] == 200
    assert question.parent.span_id == request.context.span_id
    assert question.attributes["qa.answerable"] is False
    for stage in ("encode", "score"):
        assert found[stage].parent.span_id == question.context.span_id
    assert found["encode"].end_time - found["encode"].start_time == 4_000_000
    assert found["score"].start_time == found["encode"].end_time
    assert question.end_time - question.start_time == 11_000_000
    assert "绝密" not in "".join(span.to_json(indent=None) for span in found.values())


def test_a_stream_ends_its_span_when_it_ends(app: Flask, exporter: Any) -> None:
    chat = {"model": "qa-default", "stream": True, "messages": [{"role": "user", "content": "夜班车几点？"}]}
    answer = app.test_client().post("/v1/chat/completions", json=chat)
    provider = app.extensions[tracing.EXTENSION]._provider
    provider.force_flush()
    assert "POST /v1/chat/completions" not in {span.name for span in exporter.get_finished_spans()}
    answer.close()
    assert "POST /v1/chat/completions" in spans(app, exporter)


def test_failures_are_marked_and_probes_are_left_out(app: Flask, exporter: Any) -> None:
    client = app.test_client()
    app.extensions[HOST].engine().failure = RuntimeError("绝密")
    client.post("/v1/ask", json={"question": "a"})
    for path in ("/healthz", "/readyz", "/metrics", "/static/page.js", "/nowhere"):
        client.get(path)
    [span] = spans(app, exporter).values()
    assert span.status.status_code.name == "ERROR"
    assert span.attributes["http.response.status_code"] == 500


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"QA_OTEL.*qa-service\[otel\]"):
        create_app(Settings(otel=True), FakeEngine())  # type: ignore[arg-type]


def test_nothing_is_imported_when_traces_are_off() -> None:
    if util.find_spec("opentelemetry") is None:
        pytest.skip("OpenTelemetry is not installed")
    code = (
        "import sys\n"
        "from qa_service.config import Settings\n"
        "from qa_service.http import create_app\n"
        "from tests.http.fake_engine import FakeEngine\n"
        "client = create_app(Settings(), FakeEngine()).test_client()\n"
        "assert client.post('/v1/ask', json={'question': 'a'}).status_code == 200\n"
        "assert client.get('/metrics').status_code == 200\n"
        "sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
