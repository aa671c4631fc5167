"""Whether the client of a chat is still there."""

from __future__ import annotations

import fcntl
import resource
import socket
from collections.abc import Iterator

import pytest

from qa_service.http.chat.clients import gone_check

HIGH = 1100
"""A descriptor beyond those that select knows."""


@pytest.fixture
def many_files() -> Iterator[None]:
    """Allow descriptors above `HIGH` while a test runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HIGH + 100
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"at most {hard} files may be open here")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_closes_is_gone_whatever_the_number_of_the_connection(many_files: None) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD, HIGH)) as high:
        assert high.fileno() >= HIGH
        for connection in (ours, high):
            assert not gone_check({"gunicorn.socket": connection})()
        theirs.send(b"next request")
        assert not gone_check({"gunicorn.socket": high})()
        assert high.recv(100) == b"next request"
        theirs.close()
        for connection in (ours, high):
            assert gone_check({"gunicorn.socket": connection})()


def test_a_connection_that_is_closed_here_is_gone() -> None:
    ours, theirs = socket.socketpair()
    is_gone = gone_check({"gunicorn.socket": ours})
    ours.close()
    theirs.close()
    assert is_gone()


def test_nobody_is_gone_where_the_connection_is_not_known() -> None:
    assert not gone_check({})()
