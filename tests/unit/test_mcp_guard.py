"""Whether callers of the MCP server are passed on: to a service that wants keys, and to no other over a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from qa_service.client import Client, Unavailable
from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http import create_app
from qa_service.mcp.guard import Guard, is_private
from tests.http.fake_engine import FakeEngine
from tests.unit.client_transport import over


class Switched:
    """An application that can be another one from the next request on; counts what it was asked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.asked = 0

    def __call__(self, environ: object, start: object) -> object:
        self.asked += 1
        return self.app(environ, start)  # type: ignore[arg-type]


def application(data: Path, key: str | None = None) -> Flask:
    single = None if key is None else SecretStr(key)
    return create_app(Settings(data_dir=data, api_key=single), FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def service(tmp_path: Path) -> Switched:
    return Switched(application(tmp_path, "k"))


@pytest.fixture
def guard(service: Switched) -> Iterator[Guard]:
    with Client(key="", transport=over(service)) as client:
        yield Guard(client)


def test_a_service_that_wants_keys_is_asked_once_in_a_while(guard: Guard, service: Switched) -> None:
    guard.refuse_open()
    guard.check()
    assert service.asked == 1
    guard._closed_until = 0.0
    guard.check()
    assert service.asked == 2


def test_a_service_that_was_started_anew_without_keys_is_refused(
    guard: Guard, service: Switched, tmp_path: Path
) -> None:
    guard.refuse_open()
    service.app = application(tmp_path)
    guard._closed_until = 0.0
    for refuse in (guard.check, guard.refuse_open, guard.check):
        with pytest.raises(ConfigError, match=r"answers without a key.*qa-service keys add.*QA_ALLOW_OPEN=true"):
            refuse()


def test_a_service_that_does_not_tell_is_asked_again_with_the_first_call() -> None:
    with Client("http://127.0.0.1:1", key="") as client:
        guard = Guard(client)
        guard.refuse_open()
        with pytest.raises(Unavailable):
            guard.check()


@pytest.mark.parametrize(
    ("host", "names", "private"),
    [
        ("127.0.0.1", (), True),
        ("::1", ("localhost", "QA.localhost.", "[::1]"), True),
        ("0.0.0.0", (), False),
        ("", (), False),
        ("192.0.2.1", ("localhost",), False),
        ("127.0.0.1", ("localhost", "qa.example.org"), False),
    ],
)
def test_who_reaches_the_server(host: str, names: tuple[str, ...], private: bool) -> None:
    assert is_private(host, names) is private
