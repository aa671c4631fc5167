"""Reads the body of a request to its end, whether it is wanted or not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Request, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from qa_service.http.failure import FieldProblem, HttpProblem

_PIECE = 64 * 1024
_log = logging.getLogger(__name__)


def init_app(app: Flask, most: int) -> None:
    """Take the rest of a refused body, up to `most` bytes: many clients read no answer before they have sent all."""

    def take_the_rest(response: Response) -> Response:
        if response.status_code >= 400 and request.environ.get("wsgi.input_terminated"):
            _discard(request, most)
        return response

    app.after_request(take_the_rest)


def _discard(request: Request, most: int) -> None:
    try:
        while most > 0 and (piece := request.environ["wsgi.input"].read(min(_PIECE, most))):
            most -= len(piece)
    except Exception as error:
        _log.debug("the rest of a refused body could not be read: %s", type(error).__name__)


def read_body(request: Request) -> bytes:
    """Read the whole body.

    Errors:
        HttpProblem: 400 when it ends before the length that was announced, or is framed wrongly.
        RequestEntityTooLarge: it is over the request's limit.
    """
    with reading():
        data = request.get_data(cache=False)
    announced = request.content_length
    if announced is not None and len(data) < announced:
        raise _unreadable()
    limit = request.max_content_length
    # Without a length, the framework stops reading at the limit and says nothing.
    if announced is None and limit is not None and len(data) >= limit:
        raise RequestEntityTooLarge
    return data


@contextmanager
def reading() -> Iterator[None]:
    """Turn what goes wrong with the connection while a body is read into a 400."""
    try:
        yield
    except ClientDisconnected:
        raise _unreadable() from None
    except HTTPException:
        raise
    except Exception as error:  # servers have exceptions of their own, for chunks that are none
        _log.warning("the body of a request could not be read: %s", type(error).__name__)
        raise _unreadable() from error


def _unreadable() -> HttpProblem:
    problem = FieldProblem("body", "could not be read to its end", "send the request again")
    return HttpProblem(400, "bad-request", [problem])
