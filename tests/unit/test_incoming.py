"""Requests on their way in: whole when they are, however they come in pieces, and never read past what is there."""

from __future__ import annotations

from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders, LimitRequestLine, ParseException

from qa_service.http.connections.incoming import Incoming
from qa_service.http.connections.limits import LONGEST_BODY, LONGEST_HEAD, MOST_SMALL_CHUNKS, SMALL_CHUNK, TinyChunks
from qa_service.http.connections.memory import OWN

CLIENT = ("127.0.0.1", 1)
HEAD = b"POST /v1/ask HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BODIES = [
    (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    (HEAD + b"Content-Length: 0\r\n\r\n", b""),
    (b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", b""),
    (b"\r\nGET /x HTTP/1.0\r\n\r\n", b""),
    (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    (CHUNKED + b'2 ;a="b"\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\nY: 2\r\n\r\n', b"hello"),
    (CHUNKED + b"0\r\n\r\n", b""),
]


def incoming() -> Incoming:
    return Incoming(Config(), CLIENT)


@pytest.mark.parametrize(("data", "body"), BODIES)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("more", [b"", b"GET /y HTTP/1.1\r\n"])
def test_a_request_is_whole_with_its_last_byte(data: bytes, body: bytes, size: int, more: bytes) -> None:
    found = incoming()
    given = data + more
    at = 0
    while not found.whole:
        assert at < len(data)
        found.feed(given[at : at + size])
        at += size
    # Not before all of it was there, nor with a piece more than that took.
    assert at - size < len(data) <= at
    assert found.request.body.read() == body
    assert found.surplus == given[len(data) : at]
    assert not found.truncated
    assert not getattr(found.request.body, "failed", False)


def test_the_body_read_in_small_pieces_is_the_same() -> None:
    body = bytes(range(256)) * 1000
    found = incoming()
    found.feed(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
    assert not found.whole
    found.feed(body)
    assert b"".join(iter(lambda: found.request.body.read(1000), b"")) == body


@pytest.mark.parametrize("size", [1, 2, 100, 5000])
def test_chunks_are_not_copied_anew_for_each_of_them(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0
    parse = ChunkedReader.parse_chunk_size

    def counting(self: Any, unreader: Any, data: bytes | None = None) -> Any:
        nonlocal copied
        found = parse(self, unreader, data)
        copied += len(data or b"") + len(found[1] or b"")
        return found

    monkeypatch.setattr(ChunkedReader, "parse_chunk_size", counting)
    count = 2000
    body = b"%x\r\n%s\r\n" % (size, b"x" * size) * count
    found = incoming()
    found.feed(CHUNKED + body + b"0\r\n\r\n")
    assert found.request.body.read() == b"x" * size * count
    # What is carried from one chunk to the next does not grow with how many there are.
    assert copied < count * 200


@pytest.mark.parametrize(
    "body", [b"zz\r\n{}\r\n0\r\n\r\n", b"\r\n", b"3\r\nhello\r\n0\r\n\r\n", b"-1\r\n", b"0x1\r\na\r\n", b"1" * 9000]
)
def test_a_broken_chunked_body_is_not_waited_for(body: bytes) -> None:
    found = incoming()
    found.feed(CHUNKED + body)
    assert found.whole
    assert found.truncated
    assert found.request.should_close()
    with pytest.raises((ParseException, OSError)):
        found.request.body.read()


@pytest.mark.parametrize(
    "body",
    [
        b"5;\nAAAAA\r\n0\r\n\r\n",
        b"5;a\rb\r\nAAAAA\r\n0\r\n\r\n",
        b"5 \r\nAAAAA\r\n0\r\n\r\n",
        b"5\t\r\nAAAAA\r\n0\r\n\r\n",
        b"0 \r\n\r\n",
        b"0\r\nX: y\n\nGET /x HTTP/1.1\r\nX: y\r\n\r\n",
        b"0\r\nX: y\n\n",
        b"0\r\nX: y\rGET /x HTTP/1.1\r\nX: y\r\n\r\n",
        b"0\r\n\nGET /x HTTP/1.1\r\nX: y\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_no_other_end_can_be_seen_in_a_chunked_body_that_nobody_reads(body: bytes, size: int) -> None:
    found = incoming()
    given = CHUNKED + body
    at = 0
    while not found.whole:
        assert at < len(given)
        found.feed(given[at : at + size])
        at += size
    assert found.truncated
    assert found.surplus == b""
    assert found.request.should_close()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_body_of_many_tiny_chunks_is_refused_as_soon_as_that_is_seen(at_once: bool) -> None:
    found = incoming()
    found.feed(CHUNKED)
    if at_once:
        with pytest.raises(TinyChunks):
            found.feed(b"1\r\nx\r\n" * (100 * MOST_SMALL_CHUNKS))
    else:
        for _ in range(MOST_SMALL_CHUNKS):
            found.feed(b"1\r\nx\r\n")
        with pytest.raises(TinyChunks):
            found.feed(b"1\r\nx\r\n")
    assert not found.whole
    # What still comes is taken and dropped, so that the client gets to read the answer.
    assert found.truncated


@pytest.mark.parametrize(("size", "count"), [(1, MOST_SMALL_CHUNKS), (SMALL_CHUNK, MOST_SMALL_CHUNKS + 1)])
def test_some_small_chunks_and_many_that_are_not_so_small_are_taken(size: int, count: int) -> None:
    found = incoming()
    found.feed(CHUNKED + (b"%x\r\n%s\r\n" % (size, b"x" * size)) * count + b"0\r\n\r\n")
    assert found.whole
    assert not found.truncated
    assert found.request.body.read() == b"x" * size * count


def test_a_body_over_the_limit_is_not_waited_for() -> None:
    found = incoming()
    found.feed(HEAD + b"Content-Length: %d\r\n\r\nhello" % (LONGEST_BODY + 1))
    assert found.whole
    assert found.truncated
    assert found.size == 0
    assert found.request.body.read() == b""
    huge = incoming()
    huge.feed(CHUNKED + b"fffffffff\r\nhello")
    assert huge.truncated


def from_nobody(_: Any) -> bool:
    return False


@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"])
def test_a_large_body_that_is_not_taken_is_not_waited_for(more: bytes) -> None:
    found = Incoming(Config(), CLIENT, takes_large=from_nobody)
    found.feed(HEAD + more + b"Content-Length: %d\r\n\r\n" % (OWN + 1))
    assert found.whole
    assert found.truncated
    assert not found.wants_continue
    assert found.request.should_close()
    assert found.request.body.read() == b""


def test_a_body_that_grows_large_and_is_not_taken_is_not_kept() -> None:
    found = Incoming(Config(), CLIENT, takes_large=from_nobody)
    found.feed(CHUNKED)
    fed = 0
    while not found.whole:
        assert fed <= OWN
        found.feed(b"400\r\n" + b"x" * 0x400 + b"\r\n")
        fed += 0x400
    assert found.truncated
    assert found.size == 0
    with pytest.raises((ParseException, OSError)):
        found.request.body.read()


def test_small_bodies_are_taken_whatever_comes_after_them() -> None:
    ahead = b"GET /y HTTP/1.1\r\n\r\n" * OWN
    for start in (HEAD + b"Content-Length: %d\r\n\r\n" % OWN, CHUNKED + b"%x\r\n" % (OWN - 100)):
        found = Incoming(Config(), CLIENT, takes_large=from_nobody)
        body, end = (b"x" * OWN, b"") if start.startswith(HEAD + b"C") else (b"x" * (OWN - 100), b"\r\n0\r\n\r\n")
        found.feed(start + body + end + ahead)
        assert not found.truncated
        assert found.request.body.read() == body
        assert found.surplus == ahead


def test_whether_a_large_body_is_taken_is_asked_once() -> None:
    asked: list[Any] = []
    found = Incoming(Config(), CLIENT, takes_large=lambda request: not asked.append(request))  # type: ignore[func-returns-value]
    found.feed(HEAD + b"Content-Length: %d\r\n\r\n" % (3 * OWN))
    for _ in range(3):
        assert not found.whole
        found.feed(b"x" * OWN)
    assert found.whole
    assert not found.truncated
    assert asked == [found.request]


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked_once() -> None:
    found = incoming()
    found.feed(HEAD + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert found.wants_continue
    found.wants_continue = False
    found.feed(b"h")
    assert not found.wants_continue
    found.feed(b"i")
    assert found.whole
    assert not found.request._expected_100_continue
    assert "EXPECT" not in dict(found.request.headers)
    eager = incoming()
    eager.feed(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nh")
    assert not eager.wants_continue


def test_heads_that_are_none_are_refused_at_once() -> None:
    for data, error in (
        (b"GET /" + b"a" * 9000, LimitRequestLine),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * LONGEST_HEAD, LimitRequestHeaders),
        (b"GET / HTTP/1.1\nHost: a\n\n", InvalidHeader),
        (b"nonsense\r\n\r\n", ParseException),
        (b"\r\n\r\n", ParseException),
        (HEAD + b"Content-Length: x\r\n\r\n", ParseException),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", ParseException),
    ):
        with pytest.raises(error):
            incoming().feed(data)
