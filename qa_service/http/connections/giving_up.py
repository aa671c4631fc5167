"""When work that takes long is given up: its client has gone, or it takes too long."""

from __future__ import annotations

import time
from collections.abc import Callable

from qa_service.http.connections.outgoing import Outgoing
from qa_service.http.failure import FieldProblem, HttpProblem

_RETRY_SECONDS = 30


def giving_up(sock: Outgoing, seconds: float) -> Callable[[], None]:
    """Make what a thread calls between the steps of its work on a request.

    Parameters:
        sock: of who waits for the answer.
        seconds: that the work may take from now on.

    Errors of what is made:
        HttpProblem: 400 for who has gone, 503 when the time is over.
    """
    end = time.monotonic() + seconds

    def check() -> None:
        if sock.is_gone():
            raise HttpProblem(400, "bad-request", [FieldProblem(None, "the client has gone")])
        if time.monotonic() > end:
            problem = FieldProblem(None, f"it took over {seconds:g} s", "send fewer or shorter texts at a time")
            raise HttpProblem(503, "overloaded", [problem], {"Retry-After": str(_RETRY_SECONDS)})

    return check
