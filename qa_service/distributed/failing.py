"""What Ray's failures mean to who ordered a load."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from qa_service.errors import Unavailable

_ON = "what was taken stays, and the same command goes on from there"


@contextlib.contextmanager
def explained(ray: Any) -> Iterator[None]:
    """Turn Ray's errors into ours.

    Errors:
        Unavailable: workers died again and again, or Ray ended.
    """
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _meaning(ray, error) from error


def _meaning(ray: Any, error: BaseException) -> Unavailable:
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
    problem = (str(error).strip().splitlines() or [""])[0][:300]
    return Unavailable(f"Ray failed: {type(error).__name__}: {problem}", field="--engine ray", remedy=_ON)


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
