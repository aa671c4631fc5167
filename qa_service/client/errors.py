"""What can go wrong with a request: one tree, each error saying what is wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx2

from qa_service import errors as qa

_KIND_PREFIX = "urn:qa-service:problem:"


class ServiceError(qa.QAError):
    """Base of every failure of a request.

    Attributes:
        status: the HTTP status, None when no answer came.
        kind: the last part of the problem's `type`, such as `invalid-input`; None without a problem document.
        request_id: names the request in the service's log; None when no answer came.
        retry_after: in how many seconds to ask again, where the service said so.
    """

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        remedy: str | None = None,
        status: int | None = None,
        kind: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail, field=field, remedy=remedy)
        self.status = status
        self.kind = kind
        self.request_id = request_id


class InvalidRequest(ServiceError, qa.BadInput):
    """The request is wrong and changed nothing; `field` says where. Status 400, 405, 415 or 422; none if what was given
    could not even be sent."""


class NotFound(ServiceError, qa.NotFound):
    """What was named does not exist. Status 404."""


class TooLarge(ServiceError, qa.TooLarge):
    """The request is over a limit. Status 413."""


class Unauthorized(ServiceError, qa.BadInput):
    """The service wants a key, or another one (401), or one that may do this (403)."""


class TooMany(ServiceError):
    """The key has used up what it may; `retry_after` says in how many seconds to ask again. Status 429."""


class Unavailable(ServiceError, qa.Unavailable):
    """The service cannot answer now but may later. Status 502, 503 or 504, or none."""


class Loading(Unavailable):
    """The service is starting; `Client.wait_ready` waits for it."""


class Unreachable(Unavailable):
    """No connection could be made, or it was cut."""


class TimedOut(Unavailable):
    """The answer, or what was waited for, did not come in time."""


_BY_STATUS: Mapping[int, type[ServiceError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    405: InvalidRequest,
    413: TooLarge,
    415: InvalidRequest,
    422: InvalidRequest,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
_SECONDS = re.compile(r"[0-9]{1,9}")
_KEY_REMEDY = "give the service's key as Client(key=...) or in QA_API_KEY"


def from_response(response: httpx2.Response) -> ServiceError:
    """Make the error that an answer reports; the first of its problems is the one told."""
    problem = _problem(response)
    if problem is None:
        return unexpected(response)
    kind = str(problem.get("type", "")).removeprefix(_KIND_PREFIX)
    detail, field, remedy = _first(problem)
    cls = Loading if kind == "loading" else _BY_STATUS.get(response.status_code, ServiceError)
    if kind in ("unauthorized", "wrong-key"):
        remedy = _KEY_REMEDY
    error = cls(
        detail,
        field=field,
        remedy=remedy,
        status=response.status_code,
        kind=kind,
        request_id=response.headers.get("X-Request-ID"),
    )
    wait = response.headers.get("Retry-After", "")
    error.retry_after = int(wait) if _SECONDS.fullmatch(wait) else None
    return error


def unexpected(response: httpx2.Response) -> ServiceError:
    """Make the error of an answer that is none of the service's."""
    url = response.request.url
    cls = _BY_STATUS.get(response.status_code, ServiceError) if response.status_code >= 400 else ServiceError
    return cls(
        f"{url.scheme}://{url.netloc.decode('ascii')} answered {response.status_code} with something that is no answer"
        " of qa-service",
        remedy="check the base URL, and that client and service have the same version",
        status=response.status_code,
        request_id=response.headers.get("X-Request-ID"),
    )


def from_transport(error: httpx2.TransportError, base_url: str) -> ServiceError:
    """Make the error of a request that got no answer."""
    if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
        return TimedOut(f"{base_url} did not answer in time", remedy="give Client a longer timeout")
    reason = str(error).strip() or type(error).__name__
    remedy = "start it with `qa-service serve`, or give the base URL at which it runs"
    return Unreachable(f"cannot reach qa-service at {base_url}: {reason}", remedy=remedy)


def _problem(response: httpx2.Response) -> Mapping[str, object] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and str(body.get("type", "")).startswith(_KIND_PREFIX) else None


def _first(problem: Mapping[str, object]) -> tuple[str, str | None, str | None]:
    found = problem.get("errors")
    if isinstance(found, list) and found and isinstance(found[0], dict):
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        field, remedy = (first.get(name) for name in ("field", "remedy"))
        return f"{first.get('problem')}{more}", None if field is None else str(field), str(remedy) if remedy else None
    return str(problem.get("detail") or problem.get("title")), None, None
