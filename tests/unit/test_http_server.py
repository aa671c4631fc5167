"""What `serve` does before there is a server: the address, and what is asked of gunicorn."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from packaging.requirements import Requirement

from qa_service.config import Settings
from qa_service.http.connections.incoming import Incoming
from qa_service.http.server import _options, serve

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_a_port_in_use_is_one_clear_line(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(Settings(port=port)) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"qa-service: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_an_address_that_is_not_ours_is_one_clear_line(capfd: pytest.CaptureFixture[str]) -> None:
    host = "192.0.2.1"  # set apart for documentation, so no machine has it
    assert serve(Settings(host=host, port=0)) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"qa-service: cannot listen on {host} port 0: ")
    assert err.count("\n") == 1


def test_gunicorn_knows_what_is_set_and_reads_with_the_parser_that_bodies_are_framed_by() -> None:
    config = Config()
    for name, value in _options(Settings(trusted_proxies=2), 0).items():
        config.set(name, value)
    assert config.http_parser == "python"
    assert config.logger_class.proxies == 2


@pytest.mark.parametrize("coding", [b"identity", b"gzip", b"chunked, identity", b"gzip, chunked, chunked", b"xchunked"])
def test_nothing_is_smuggled_behind_a_transfer_encoding(coding: bytes) -> None:
    head = b"POST /v1/ask HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\nContent-Length: 29\r\n\r\n" % coding
    with pytest.raises(ParseException):
        Incoming(Config(), ("192.0.2.1", 1)).feed(head + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")


def test_no_gunicorn_is_allowed_that_would_let_it_be() -> None:
    lines = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["dependencies"]
    [allowed] = [one.specifier for one in map(Requirement, lines) if one.name == "gunicorn"]
    assert not [version for version in ("23.0.0", "24.1.1", "25.3.0", "26.2.0") if version in allowed]
    assert "27.0.0" in allowed
