"""A connection to a database of Milvus: made when first needed, with time limits, and errors in words of our own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa_service.errors import ConfigError
from qa_service.index.milvus.breaker import Breaker
from qa_service.index.milvus.failing import Away, NoDatabase, away, meaning
from qa_service.milvus_address import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_CHANNEL = {
    # The library's ten seconds are more than an ordinary server of gRPC puts up with: it ends the connection.
    "grpc.keepalive_time_ms": 330_000,
    "grpc.keepalive_permit_without_calls": False,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 1_000,
}


class MilvusConnection:
    """Gives the client library's client. Safe for threads.

    Parameters:
        address: where Milvus is.
        connect_s: seconds that connecting may take.
    """

    def __init__(self, address: MilvusAddress, connect_s: float) -> None:
        self.address = address
        self.is_lite = False
        self._connect_s = connect_s
        self._client: MilvusClient | None = None
        self._connecting = threading.Lock()
        self._breaker = Breaker(lambda: away("it did not answer just now", str(address)))
        self._failures = 0

    @property
    def outages(self) -> int:
        """How often Milvus has gone away; what was kept of it may have changed with each."""
        return self._breaker.trips

    @contextmanager
    def using(self, seconds: float) -> Iterator[tuple[MilvusClient, dict[str, Any]]]:
        """Give the client and the time limit of its calls.

        Errors:
            Away: Milvus cannot be reached. Gone: it lacks what it is asked of. Unavailable: it refuses.
        """
        with self._breaker.call(Away), self._told():
            yield self._connected(), {"timeout": seconds}

    def close(self) -> None:
        """Close it; who uses it after all has it made anew."""
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        import grpc  # noqa: PLC0415
        from pymilvus.exceptions import MilvusException  # noqa: PLC0415

        try:
            yield
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            meant = meaning(error, str(self.address))
            if isinstance(meant, NoDatabase):
                # The next connection makes it; this one may be in use by others still.
                self._client = None
            raise meant from error

    def _connected(self) -> MilvusClient:
        failures = self._failures
        with self._connecting:
            if self._client is None:
                if self._failures != failures:
                    # Who waited for another's attempt is not to wait for one of its own.
                    raise away("it did not answer just now", str(self.address))
                try:
                    self._client = self._connect()
                except BaseException:
                    self._failures += 1
                    raise
            return self._client

    def _connect(self) -> MilvusClient:
        from pymilvus import MilvusClient  # noqa: PLC0415

        address = self.address
        given = {"uri": address.uri, "token": address.token, "timeout": self._connect_s, "dedicated": True}
        given["grpc_options"] = _CHANNEL
        if address.database != "default":
            plain = MilvusClient(**given)
            try:
                if address.database not in plain.list_databases(timeout=self._connect_s):
                    plain.create_database(address.database, timeout=self._connect_s)
            finally:
                plain.close()
        # It logs what is told to the caller as well, with a trace of each try.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        client = MilvusClient(db_name=address.database, **given)
        self.is_lite = "lite" in client.get_server_version(timeout=self._connect_s).lower()
        return client


def ensure_installed() -> None:
    """Make sure that the client library is there.

    Errors:
        ConfigError: it is not.
    """
    try:
        import pymilvus  # noqa: F401, PLC0415
    except ImportError as error:
        raise ConfigError(
            "the client library of Milvus is not installed",
            field="QA_INDEX",
            remedy="run `pip install 'qa-service[milvus]'`",
        ) from error
