"""What Ray's failures mean to who ordered a load."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from qa_service.errors import QAError, Unavailable

_ON = "what was taken stays, and the same command goes on from there"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@contextlib.contextmanager
def explained(ray: Any) -> Iterator[None]:
    """Turn Ray's errors into ours.

    Errors:
        Unavailable: workers died again and again, Ray ended, or a worker failed. QAError: what a worker refused to do.
    """
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _meaning(ray, error) from error


def _meaning(ray: Any, error: BaseException) -> QAError:
    causes = list(_causes(error))
    deaths = (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError)
    if any(isinstance(cause, deaths) for cause in causes):
        return Unavailable(
            "worker processes died again and again over the same articles",
            field="--engine ray",
            remedy=f"see that there is memory for them, or take fewer with --workers; {_ON}",
        )
    if any(isinstance(cause, ray.exceptions.OutOfMemoryError) for cause in causes):
        return Unavailable(
            "workers need more memory than there is", field="--engine ray", remedy=f"take fewer with --workers; {_ON}"
        )
    others = [cause for cause in causes if not isinstance(cause, ray.exceptions.RayError)]
    if not others:
        return Unavailable(f"Ray failed: {_told(error)}", field="--engine ray", remedy=_ON)
    innermost = others[-1]
    if isinstance(innermost, QAError):
        return innermost
    # Only what may be over by then is worth doing again.
    remedy = _ON if isinstance(innermost, ConnectionError | TimeoutError) else None
    return Unavailable(f"a worker failed: {_told(innermost)}", field="--engine ray", remedy=remedy)


def _told(error: BaseException) -> str:
    first = (_ESCAPES.sub("", str(error)).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those it came from; Ray keeps a worker's under another name than Python."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        others = (getattr(one, "cause", None), one.__cause__)
        queue.extend(other for other in others if isinstance(other, BaseException))
