"""Waits for what a service does in its own time, asking at growing intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from qa_service.client.errors import TimedOut, Unavailable
from qa_service.types import Job, Readiness

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_HOPELESS = "load-failed"


def for_job(ask: Callable[[], Job], timeout: float | None) -> Job:
    """Ask for a job until it has ended; see `Client.wait`."""
    deadline = None if timeout is None else time.monotonic() + timeout
    for pause in _pauses():
        job = ask()
        if job.state in ("done", "failed"):
            return job
        if deadline is not None and time.monotonic() >= deadline:
            raise TimedOut(
                f"job {job.id} has done {job.done} of {job.total} articles after {timeout:g} s", remedy="wait on"
            )
        time.sleep(_shortened(pause, deadline))
    raise AssertionError


def until_ready(ask: Callable[[], Readiness], timeout: float) -> Readiness:
    """Ask whether a service is ready until it is; see `Client.wait_ready`."""
    deadline = time.monotonic() + timeout
    for pause in _pauses():
        try:
            return ask()
        except Unavailable as error:
            if error.kind == _HOPELESS or time.monotonic() >= deadline:
                raise
        time.sleep(_shortened(pause, deadline))
    raise AssertionError


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def _shortened(pause: float, deadline: float | None) -> float:
    return pause if deadline is None else min(pause, max(deadline - time.monotonic(), 0.0))
