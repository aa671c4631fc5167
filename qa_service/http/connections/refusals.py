"""Answers made without a thread: what is refused before the application sees it, in the shape of its protocol."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from flask import Flask, g
from gunicorn.http.errors import ExpectationFailed, LimitRequestHeaders, LimitRequestLine
from gunicorn.util import http_date
from werkzeug.http import HTTP_STATUS_CODES

from qa_service.http import cors
from qa_service.http.connections.incoming import LONGEST_REQUEST_LINE
from qa_service.http.connections.limits import MOST_SMALL_CHUNKS, SMALL_CHUNK, CutOff, NoRoom, TinyChunks, TooSlow
from qa_service.http.errors import response_for
from qa_service.http.failure import Failure, FieldProblem
from qa_service.http.headers import REQUEST_ID, request_id_of, secure


def busy(retry_after: int) -> Failure:
    """Make the failure of a request beyond what can be taken."""
    problem = FieldProblem(None, "more is asked at once than can be answered", _again(retry_after))
    return Failure(503, "overloaded", (problem,), {"Retry-After": str(retry_after)})


def waited(seconds: float, retry_after: int) -> Failure:
    """Make the failure of a request that has waited for too long."""
    problem = FieldProblem(None, f"it was not begun within {seconds:g} s", _again(retry_after))
    return Failure(503, "overloaded", (problem,), {"Retry-After": str(retry_after)})


def unreadable(error: Exception, seconds: float) -> Failure:
    """Make the failure of a request that is not read to its end.

    Parameters:
        error: why: gunicorn's parser's, or one of the loop's.
        seconds: within which a request must arrive.
    """
    if isinstance(error, TooSlow):
        problem = FieldProblem(
            None, f"the request did not arrive within {seconds:g} s", "send it faster, or less of it"
        )
        return Failure(408, "too-slow", (problem,))
    if isinstance(error, NoRoom):
        problem = FieldProblem("body", "too many large requests arrive at once", _again(2))
        return Failure(503, "overloaded", (problem,), {"Retry-After": "2"})
    if isinstance(error, CutOff):
        return Failure(400, "bad-request", (FieldProblem("body", "could not be read to its end", "send it again"),))
    if isinstance(error, TinyChunks):
        said = f"over {MOST_SMALL_CHUNKS} chunks of less than {SMALL_CHUNK} bytes on average"
        return Failure(400, "bad-request", (FieldProblem("body", said, "send larger chunks, or a Content-Length"),))
    status, said = 400, "the request is not HTTP/1.1 that can be read"
    if isinstance(error, LimitRequestLine):
        status, said = 414, f"the URL is over {LONGEST_REQUEST_LINE} bytes"
    elif isinstance(error, LimitRequestHeaders):
        status, said = 431, "the headers are too large"
    elif isinstance(error, ExpectationFailed):
        status, said = 417, "nothing but 100-continue can be expected here"
    return Failure(status, "bad-request", (FieldProblem(None, said),))


def id_of(request: Any) -> str:
    """Give the id of a request, gunicorn's, that the application has not seen; None is one that could not be read."""
    return request_id_of(dict(request.headers).get(REQUEST_ID.upper(), "") if request is not None else "")


def answer(app: Flask, failure: Failure, request: Any, request_id: str, *, keep: bool) -> bytes:
    """Write the whole HTTP answer of a failure.

    Parameters:
        request: gunicorn's; None when nothing is known of it.
        request_id: its id, see `id_of`.
        keep: the connection stays open.
    """
    path = unquote(request.path) if request is not None else "/"
    with app.app_context():
        g.request_id = request_id
        response = response_for(path, failure)
        secure(response, path)
        cors.show_to(app, response, _origin_of(request))
    body = response.get_data()
    lines = [
        f"HTTP/1.1 {response.status_code} {HTTP_STATUS_CODES.get(response.status_code, 'Error')}",
        f"Date: {http_date()}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in response.headers if name != "Content-Length"),
    ]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if request is not None and request.method == "HEAD" else head + body


def _origin_of(request: Any) -> str:
    return ",".join(value for name, value in request.headers if name == "ORIGIN") if request is not None else ""


def _again(seconds: int) -> str:
    return f"try again in {seconds} s"
