"""The log: one line a record, the request's id, and nothing of what was asked or stored."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from werkzeug.middleware.proxy_fix import ProxyFix

from qa_service import logs
from qa_service.config import Settings
from qa_service.errors import Damaged
from qa_service.http import create_app
from qa_service.http.gunicorn_log import ServerLog, server_log
from tests.http.fake_engine import FakeEngine

HOSTILE = 'a\nb\r\x00\x1b[31m\u2028c\u202e\ud800"}{"level": "critical"}'


@pytest.fixture(autouse=True)
def no_request() -> Iterator[None]:
    """Leave no id of a request to the next test."""
    logs.forget_request()
    yield
    logs.forget_request()


def record(message: str, *given: object, error: BaseException | None = None, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("qa_service.test", logging.WARNING, "file.py", 7, message, given, None)
    made.exc_info = (type(error), error, error.__traceback__) if error else None
    made.__dict__.update(extra)
    return made


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize("hostile", [HOSTILE, "\u0085x", "\x7f", "\u2029", "\u2066"])
def test_a_record_is_one_line_whatever_is_in_it(hostile: str) -> None:
    for formatter in (logs.TextFormatter(), logs.JsonFormatter()):
        written = formatter.format(record("got %s", hostile))
        assert len(written.splitlines()) == 1
        assert written.isprintable()
        written.encode("utf-8")
    assert json.loads(logs.JsonFormatter().format(record("got %s", hostile)))["message"] == f"got {hostile}"


def test_a_record_of_json() -> None:
    logs.request_id.set("r-1")
    logs.trace_id.set("f" * 32)
    body = json.loads(logs.JsonFormatter().format(record("done", fields={"status": 200, "level": "forged"})))
    assert body.pop("time").endswith("+00:00")
    assert body == {
        "level": "warning",
        "logger": "qa_service.test",
        "message": "done",
        "request_id": "r-1",
        "trace_id": "f" * 32,
        "status": 200,
    }


def test_a_line_of_text_names_its_request() -> None:
    assert " WARNING qa_service.test: done" in logs.TextFormatter().format(record("done"))
    logs.request_id.set("r-1")
    assert " WARNING qa_service.test [r-1]: done" in logs.TextFormatter().format(record("done"))


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RuntimeError("绝密问题"), False),
        (KeyError("绝密问题"), False),
        (UnicodeEncodeError("utf-8", "绝密问题", 0, 1, "x"), False),
        (OSError(28, "No space left on device"), True),
        (Damaged("a file is torn"), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_an_exception_says_is_logged_only_where_it_quotes_nobody(error: Exception, shown: bool) -> None:
    text = logs.TextFormatter().format(record("failed", error=raised(error)))
    body = json.loads(logs.JsonFormatter().format(record("failed", error=raised(error))))
    for written in (text, "\n".join(body["trace"])):
        assert (f"{type(error).__name__}: " in written) is shown
        assert type(error).__name__ in written
        assert "绝密问题" not in written.replace("\\", "")
        assert "test_logs.py" in written
    assert all(line.startswith("  | ") for line in text.splitlines()[1:])


def test_causes_come_first_and_debugging_tells_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_DEBUG", "1")
    try:
        try:
            raise KeyError("cause\nforged")
        except KeyError as error:
            raise ValueError("effect") from error
    except ValueError as error:
        lines = logs.trace_lines(error)
    said = [line for line in lines if line.startswith(("KeyError", "ValueError"))]
    assert said == ["KeyError: 'cause\\nforged'", "ValueError: effect"]


def test_a_message_that_does_not_fit_its_arguments_is_no_failure() -> None:
    assert "file.py:7" in logs.TextFormatter().format(record("%d", "夜"))


def test_requests_are_logged_without_their_query(caplog: pytest.LogCaptureFixture) -> None:
    server_log = ServerLog(Config())
    environ = {"REMOTE_ADDR": "10.0.0.1", "REQUEST_METHOD": "POST", "RAW_URI": "/a%0Ab\nc?question=绝密"}
    given = (SimpleNamespace(status="200 OK", sent=12), None, environ, timedelta(milliseconds=3.25))
    server_log.access(*given)
    assert not caplog.records
    server_log.cfg.set("accesslog", "-")
    server_log.setup(server_log.cfg)
    logs.request_id.set("r-7")
    try:
        with caplog.at_level(logging.INFO, "qa_service.access"):
            server_log.access(*given)
    finally:
        logging.getLogger("qa_service.access").setLevel(logging.NOTSET)
    [made] = caplog.records
    assert not server_log.access_log.handlers and not server_log.error_log.handlers
    line = logs.TextFormatter().format(made)
    assert line.endswith(" INFO qa_service.access [r-7]: 10.0.0.1 POST /a%0Ab\\nc 200 12 bytes 3.2 ms")
    body = json.loads(logs.JsonFormatter().format(made))
    wanted = {"path": "/a%0Ab\nc", "status": 200, "bytes": 12, "ms": 3.2, "client": "10.0.0.1", "request_id": "r-7"}
    assert wanted.items() <= body.items()
    assert "绝密" not in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("forwarded", [[], ["192.0.2.1, 192.0.2.2"], ["192.0.2.1", "192.0.2.2"], [""], ["a,"], ['"a"']])
@pytest.mark.parametrize("proxies", [0, 1, 2, 3])
def test_a_refusal_has_the_address_that_an_answer_has(
    caplog: pytest.LogCaptureFixture, forwarded: list[str], proxies: int
) -> None:
    answered = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": ",".join(forwarded)}
    if proxies:
        ProxyFix(lambda *_: (), x_for=proxies)(answered, lambda *_: lambda _: None)
    # What is refused without a thread has been seen by gunicorn's parser alone.
    request = SimpleNamespace(headers=[("HOST", "a"), *(("X-FORWARDED-FOR", value) for value in forwarded)])
    config = Config()
    config.set("accesslog", "-")
    log = server_log(proxies)(config)
    try:
        with caplog.at_level(logging.INFO, "qa_service.access"):
            for environ, given in (answered, request), ({"REMOTE_ADDR": "10.0.0.1"}, request), (answered, None):
                log.access(SimpleNamespace(status="503 refused", sent=0), given, environ, timedelta())
    finally:
        logging.getLogger("qa_service.access").setLevel(logging.NOTSET)
    addresses = [record.getMessage().split(" ")[0] for record in caplog.records]
    assert addresses == [answered["REMOTE_ADDR"]] * 3


def test_a_request_has_its_id_in_the_log_until_its_answer_is_sent() -> None:
    client = create_app(Settings(), FakeEngine()).test_client()  # type: ignore[arg-type]
    answer = client.get("/healthz", headers={"X-Request-ID": "r-7"})
    assert logs.request_id.get() == "r-7"
    answer.close()
    assert logs.request_id.get() is None


def test_what_the_program_says_is_a_record_where_the_log_is_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    logs.say("ready", sys.stdout)
    assert capsys.readouterr().out == "qa-service: ready\n"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logs.JsonFormatter())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    logs.say("ready", sys.stdout)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["message"] == "ready"
