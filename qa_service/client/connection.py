"""One HTTP connection pool to a service: sends a request, gives its JSON, and turns every failure into an error."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx2

from qa_service.client.errors import InvalidRequest, ServiceError, from_response, from_transport, unexpected

_CONNECT_SECONDS = 10.0
_USER_AGENT = "qa-service-client"
_USER = re.compile(r"//.*@", re.DOTALL)


class Connection:
    """A pool of connections to one base URL; safe to share between threads."""

    def __init__(self, base_url: str, timeout: float | None, transport: httpx2.BaseTransport | None = None) -> None:
        """Prepare the pool; nothing is sent yet.

        Parameters:
            base_url: scheme, host, port, and the prefix of a reverse proxy if any; a trailing `/v1` is dropped, since
                other clients of the service want it there.
            timeout: seconds to wait for an answer, None without limit.
            transport: stands in for the network, in tests.

        Errors:
            InvalidRequest: the URL is none.
        """
        self.base_url = _checked(base_url)
        url = httpx2.URL(self.base_url)
        # Without a user's name and password, which would else be in what the library logs of each request.
        self._shown = _shown(url)
        auth = (url.username, url.password) if url.userinfo else None
        connect = _CONNECT_SECONDS if timeout is None else min(timeout, _CONNECT_SECONDS)
        self._http = httpx2.Client(
            timeout=httpx2.Timeout(timeout, connect=connect),
            transport=transport,
            headers={"User-Agent": _USER_AGENT},
            auth=auth,
        )

    def close(self) -> None:
        """Close the pool."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        query: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> Mapping[str, object]:
        """Send a request and give the JSON object that answers it; empty for an answer without a body.

        Parameters:
            path: percent-encoded.
            content: a body of JSON.

        Errors:
            ServiceError: as `errors` has them.
        """
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._http.request(
                method, self._shown + path, params=query, content=content, headers=headers, follow_redirects=False
            )
        except httpx2.TransportError as error:
            raise from_transport(error, self._shown) from error
        except httpx2.DecodingError as error:
            raise ServiceError(f"{self._shown} sent an answer that cannot be read: {error}") from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            remedy = "use names and ids of valid Unicode, not of thousands of characters"
            raise InvalidRequest(f"this cannot be sent: {error}", remedy=remedy) from None
        if not response.is_success:
            raise from_response(response)
        return {} if response.status_code == 204 else _object(response)


def _object(response: httpx2.Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except ValueError:
        raise unexpected(response) from None
    if not isinstance(body, dict):
        raise unexpected(response)
    return body


def _checked(base_url: str) -> str:
    remedy = "write it as http://HOST:PORT"
    try:
        url = httpx2.URL(base_url.strip())
    except (httpx2.InvalidURL, AttributeError, TypeError) as error:
        shown = _USER.sub("//", str(base_url))
        # Of a password that is not percent-encoded the reason may quote a part.
        reason = f": {error}" if shown == str(base_url) else ""
        raise InvalidRequest(f"{shown!r} is not a URL{reason}", field="base_url", remedy=remedy) from None
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise InvalidRequest(f"{_shown(url)!r} is not the URL of a service", field="base_url", remedy=remedy)
    return str(url).rstrip("/").removesuffix("/v1")


def _shown(url: httpx2.URL) -> str:
    """Write a URL for errors: without a user's name and password."""
    return str(url.copy_with(userinfo=b""))
