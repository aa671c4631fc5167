"""How the client calls: where the service is, the key, and what becomes of an answer."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx2

from qa_service.client.connection import Connection
from qa_service.client.decode import JsonObject
from qa_service.client.errors import InvalidRequest, ServiceError

DEFAULT_URL = "http://127.0.0.1:8000"
KEY_VARIABLE = "QA_API_KEY"
Value = TypeVar("Value")


class Caller:
    """A base URL, a key and a pool of connections; what every method of the client goes through."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        key: str | None = None,
        *,
        timeout: float | None = 60.0,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Parameters:
            base_url: where the service runs, such as `https://example.org/qa`.
            key: the service's key; None takes the environment's `QA_API_KEY`, and an empty one sends none.
            timeout: seconds that the service may be silent, None for ever.
            transport: stands in for the network, in tests.

        Errors:
            InvalidRequest: the base URL is none, or the key cannot be sent.
        """
        self._key = _checked(os.environ.get(KEY_VARIABLE) if key is None else key)
        self._connection = Connection(base_url, timeout, transport)

    @property
    def base_url(self) -> str:
        """Where the service runs, without a slash at the end."""
        return self._connection.base_url

    def with_key(self, key: str | None) -> Self:
        """Give a client that sends another key, or None for none, over the same connections."""
        other = copy.copy(self)
        other._key = _checked(key)
        return other

    def close(self) -> None:
        """Close the connections, also of the clients that share them."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(
        self,
        read: Callable[[JsonObject], Value],
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> Value:
        body = self._connection.send(method, path, key=self._key, query=query, content=content)
        try:
            return read(body)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServiceError(
                f"the answer to {method} {path} cannot be read: {error!r}",
                remedy="use the client of the same version as the service",
            ) from error


def segment(name: str) -> str:
    """Percent-encode a name as one segment of a path; dots too, since `.` and `..` would be resolved."""
    try:
        return quote(name, safe="").replace(".", "%2E")
    except UnicodeEncodeError:
        # The service refuses it by name, as it does every id that is none.
        return quote(name, safe="", errors="surrogatepass")


def _checked(key: str | None) -> str | None:
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise InvalidRequest(
            "the key has a character that no key has",
            field="key",
            remedy=f"give it in ASCII, without spaces and line ends, also in {KEY_VARIABLE}",
        )
    return key
