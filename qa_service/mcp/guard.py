"""Keeps the server from opening to the network a service that asks nobody for a key."""

from __future__ import annotations

import time
from contextlib import suppress

from qa_service.addresses import is_loopback, is_loopback_name, plain
from qa_service.client import Client, ServiceError, Unauthorized
from qa_service.errors import ConfigError

FRESH_SECONDS = 5.0
"""For how long the service counts as closed that was found so: it may be started anew without keys at any time."""


def is_private(host: str, names: tuple[str, ...]) -> bool:
    """Tell whether a server is reached from this machine alone, by its address and by the names it answers to."""
    return is_loopback(host) and all(is_loopback_name(plain(name)) for name in names)


class Guard:
    """Lets calls through to a service only while that answers nobody without a key. Safe for threads."""

    def __init__(self, client: Client) -> None:
        """Make one; nothing is asked yet.

        Parameters:
            client: of the service, without a key.
        """
        self._client = client
        self._closed_until = float("-inf")

    def refuse_open(self) -> None:
        """Refuse a service that is open now; one that does not tell is asked again with the first call.

        Errors:
            ConfigError: it is open.
        """
        with suppress(ServiceError):
            self.check()

    def check(self) -> None:
        """Refuse a call unless the service wants a key; of what key a call brings, the service judges.

        Errors:
            ConfigError: it wants none. ServiceError: it does not tell.
        """
        now = time.monotonic()
        if now < self._closed_until:
            return
        try:
            self._client.collections()
        except Unauthorized:
            self._closed_until = now + FRESH_SECONDS
            return
        raise ConfigError(
            "the service answers without a key, and this server can be reached from other machines",
            field="--host",
            remedy="make a key with `qa-service keys add NAME --scope ask`, or set QA_ALLOW_OPEN=true to serve"
            " everybody",
        )
