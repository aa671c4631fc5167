"""What Milvus's failures mean: it is away, it lacks what it is asked of, or it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qa_service.errors import Unavailable
from qa_service.index.snapshot import Gone

_NOT_SERVING = {1, 2}
"""Milvus's numbers of a server that is not ready or not available."""
_NO_COLLECTION, _NO_DATABASE = 100, 800
_LIMITED = {3, 4, 7, 8, 9}
"""Of memory, disk, requests and quotas that are used up."""
_NOT_PERMITTED = {1400, 1401}
_AGAIN = "see that it runs and can be reached, then try again; nothing that was acknowledged is lost"
_LONGEST = 200


class Away(Unavailable):
    """Milvus does not answer. HTTP 503."""


class NoDatabase(Gone):
    """The database is not in Milvus any more. HTTP 503."""


def away(why: str, where: str) -> Away:
    """Say that Milvus does not answer."""
    return Away(f"Milvus cannot be used now: {why}", field=where, remedy=_AGAIN)


def meaning(error: Exception, where: str) -> Unavailable:
    """Tell what an error of the client library, or of gRPC, means.

    Returns:
        `Away`, `Gone` for a collection that is not there, `NoDatabase`, or `Unavailable` for what Milvus refuses.
    """
    from grpc import StatusCode  # noqa: PLC0415
    from pymilvus.exceptions import MilvusException  # noqa: PLC0415

    code = error.code if isinstance(error, MilvusException) else None
    said = " ".join(str(error.message if isinstance(error, MilvusException) else error).split())[:_LONGEST]
    if code == _NO_DATABASE or (said.startswith("database") and said.endswith("does not exist")):
        return NoDatabase(
            f"the database is not in Milvus any more: {said}",
            field=where,
            remedy="it is made again, with all that belongs into it; try again in a moment",
        )
    if code == _NO_COLLECTION:
        return Gone(
            f"an index is not in Milvus any more: {said}",
            field=where,
            remedy="the service makes it again from its catalogue; try again later, and see its warnings",
        )
    statuses = set(_statuses(error))
    if {StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED} & statuses or code in _NOT_PERMITTED:
        return Unavailable(
            f"Milvus does not let us in: {said}", field=where, remedy="check user and password in QA_INDEX"
        )
    if code in _LIMITED:
        return Unavailable(
            f"Milvus is at a limit: {said}", field=where, remedy="try again later; see its quotas, memory and disk"
        )
    unanswered = {None, StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED}
    # What the client library itself objects to has a class of its own, and the number 1 too.
    if unanswered & statuses or (code in _NOT_SERVING and type(error) is MilvusException):
        return away(_without_internals(error, said), where)
    return Unavailable(f"Milvus refuses: {said}", field=where, remedy="see its log; the service tries again")


def _without_internals(error: BaseException, said: str) -> str:
    """Tell why there is no answer, without what gRPC prints of a call for those who debug it."""
    import grpc  # noqa: PLC0415

    if said.startswith("Fail connecting to server"):
        return "it cannot be reached"
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return "it did not answer in time (QA_MILVUS_TIMEOUT)"
        details = " ".join((error.details() or "").split())[:_LONGEST]
        return f"it cannot be reached: {details}" if details else "it cannot be reached"
    return said


def _statuses(error: BaseException) -> Iterator[Any]:
    """Give the gRPC status codes among an error and those that it came from; None for a wait that ended."""
    import grpc  # noqa: PLC0415

    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, grpc.RpcError):
            yield one.code() if isinstance(one, grpc.Call) else None
        elif isinstance(one, grpc.FutureTimeoutError):
            yield None
        queue.extend((one.__cause__, one.__context__))
