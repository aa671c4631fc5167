"""`qa-service mcp`: which options go together, and what it says without the SDK."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from qa_service.cli import mcp as command
from qa_service.client import DEFAULT_URL, Client

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Runner


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Give --stdio, or --port for HTTP."),
        (["--stdio", "--port", "8001"], "--stdio and --port exclude each other."),
        (["--port", "0", "--key", "k"], "each caller sends its own key"),
        (["--port", "99999"], "99999 is not in the range"),
        (["--stdio", "--url", "nonsense"], "base_url: 'nonsense' is not the URL of a service"),
        (["--stdio", "--key", "a b"], "key: the key has a character that no key has"),
    ],
)
def test_usage_errors(run: Runner, options: list[str], said: str) -> None:
    ran = run.failed("mcp", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_without_the_sdk(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("qa_service.mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    ran = run.failed("mcp", "--stdio")
    assert ran.code == 1
    assert 'pip install "qa-service[mcp]"' in ran.err
    assert ran.err.count("\n") == 1


def test_whose_key_counts(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    served: list[Any] = []

    def note(client: Client, *_: object) -> None:
        served.append((client.base_url, client._key))

    monkeypatch.setattr("qa_service.mcp.running.serve_stdio", note)
    monkeypatch.setattr("qa_service.mcp.running.serve_http", note)
    monkeypatch.setenv("QA_API_KEY", "from-environment")
    assert run("mcp", "--stdio").code == 0
    assert run("mcp", "--stdio", "--key", "given", "--url", "http://h:1").code == 0
    assert run("mcp", "--port", "0").code == 0
    assert served == [(DEFAULT_URL, "from-environment"), ("http://h:1", "given"), (DEFAULT_URL, "")]


def test_help_names_the_address_of_the_service(run: Runner) -> None:
    assert command.DEFAULT_URL == DEFAULT_URL
    ran = run("mcp", "--help")
    assert f"[default: {DEFAULT_URL}]" in " ".join(ran.out.split())
    assert "$QA_API_KEY" in ran.out


@pytest.mark.parametrize("reached", [("--host", "0.0.0.0"), ("--allow-host", "qa.example.org")])
def test_nobody_is_passed_on_to_an_open_service_unless_told_so(
    run: Runner, monkeypatch: pytest.MonkeyPatch, reached: tuple[str, str]
) -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    guards: list[object] = []
    monkeypatch.setattr("qa_service.mcp.running.serve_http", lambda *given: guards.append(given[-1]))
    monkeypatch.setattr(Client, "collections", lambda _: [])
    ran = run.failed("mcp", "--port", "0", *reached)
    assert (ran.code, guards) == (2, [])
    assert "--host: the service answers without a key" in ran.err
    assert run("mcp", "--port", "0").code == 0
    monkeypatch.setenv("QA_ALLOW_OPEN", "true")
    assert run("mcp", "--port", "0", *reached).code == 0
    assert guards == [None, None]
