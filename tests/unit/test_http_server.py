"""What `serve` does before there is a server: the address."""

from __future__ import annotations

import socket

import pytest

from qa_service.config import Settings
from qa_service.http.server import serve


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
