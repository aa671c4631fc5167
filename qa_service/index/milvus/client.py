"""A database of Milvus as the indexes use it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qa_service.errors import Unavailable
from qa_service.index.bm25 import Hits
from qa_service.index.milvus.connection import MilvusConnection
from qa_service.index.milvus.loading import loaded
from qa_service.milvus_address import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

Consistency = Literal["session", "strong", "bounded", "eventually"]
MOST_HITS = 16_384
"""What Milvus gives for one search."""
_WRITE_S = 60.0
"""How long a write, or what changes a collection, may take."""
_PAGE = 5_000
_LOOK_S = 2.0
_UNSETTLED = 500
"""Rows that Milvus Lite looks through one by one."""
_SEARCHES = 24
"""Searches under way at once: three for each question."""


class MilvusServer:
    """One database of a Milvus. Safe for threads.

    Attributes:
        pause: in what the threads that ask wait for its answers.

    Parameters:
        address: where it is.
        search_s: seconds that a search may take.
        consistency: what searches see; see the setting `QA_MILVUS_CONSISTENCY`.
    """

    def __init__(self, address: MilvusAddress, search_s: float = 5.0, consistency: Consistency = "session") -> None:
        self.address = address
        self._connection = MilvusConnection(address, search_s)
        self._search_s = search_s
        self._consistency = consistency
        self._looking = threading.Lock()
        self._looked_at = float("-inf")
        self._trouble: str | None = None
        self.pause: Callable[[], AbstractContextManager[None]] = nullcontext
        self._unsettled: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(_SEARCHES, thread_name_prefix="qa-milvus")

    @property
    def outages(self) -> int:
        """How often it has gone away; what was kept of it may have changed with each."""
        return self._connection.outages

    def trouble(self) -> str | None:
        """Tell why it cannot be used, as of a few seconds ago; None when it can be."""
        with self._looking:
            if time.monotonic() - self._looked_at > _LOOK_S:
                try:
                    self.ensure_up()
                    self._trouble = None
                except Unavailable as error:
                    self._trouble = f"{error.detail} ({error.remedy})"
                self._looked_at = time.monotonic()
            return self._trouble

    def ensure_up(self) -> None:
        """Make sure that it answers.

        Errors:
            Unavailable: it does not.
        """
        with self._connection.using(self._search_s) as (client, more):
            client.list_collections(**more)

    def collections(self) -> list[str]:
        """List the collections of the database."""
        with self._connection.using(self._search_s) as (client, more):
            return sorted(client.list_collections(**more))

    def change(self, act: Callable[[MilvusClient], None]) -> None:
        """Make, change or remove collections and aliases."""
        with self._connection.using(_WRITE_S) as (client, _):
            act(client)

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        with self._connection.using(_WRITE_S) as (client, more):
            if client.has_collection(name, **more):
                client.drop_collection(name, **more)

    def drop_all(self, prefix: str) -> None:
        """Remove all collections whose names begin so, and their aliases."""
        with self._connection.using(_WRITE_S) as (client, more):
            for alias in client.list_aliases(**more).get("aliases", []):
                if alias.startswith(prefix):
                    client.drop_alias(alias, **more)
            for name in client.list_collections(**more):
                if name.startswith(prefix):
                    client.drop_collection(name, **more)

    def point(self, alias: str, name: str) -> None:
        """Have an alias stand for a collection from now on."""
        with self._connection.using(_WRITE_S) as (client, more):
            known = client.list_aliases(**more).get("aliases", [])
            (client.alter_alias if alias in known else client.create_alias)(name, alias, **more)

    def meant_by(self, alias: str) -> str | None:
        """Tell which collection an alias stands for; None when it is none."""
        with self._connection.using(_WRITE_S) as (client, more):
            if alias not in client.list_aliases(**more).get("aliases", []):
                return None
            return str(client.describe_alias(alias, **more)["collection_name"])

    def upsert(self, name: str, rows: Sequence[Mapping[str, object]]) -> int | None:
        """Write rows, over those of the same key; return Milvus's time of it, None where that is not known."""
        with self._connection.using(_WRITE_S) as (client, more):
            client.upsert(name, [dict(row) for row in rows], **more)
            self._settle(client, name, len(rows))
        return self._written(name)

    def _settle(self, client: MilvusClient, name: str, rows: int) -> None:
        """Have Milvus Lite index what it was given; others see to it themselves."""
        if not self._connection.is_lite:
            return
        self._unsettled[name] = self._unsettled.get(name, 0) + rows
        if self._unsettled[name] >= _UNSETTLED:
            client.flush(name, timeout=_WRITE_S)
            self._unsettled[name] = 0

    def delete(self, name: str, keys: Sequence[int]) -> None:
        """Remove rows by key."""
        with self._connection.using(_WRITE_S) as (client, more):
            for start in range(0, len(keys), _PAGE):
                client.delete(name, ids=list(keys[start : start + _PAGE]), **more)

    def count(self, name: str, expression: str = "") -> int:
        """Count the rows that live, or those of them of which an expression holds."""
        with self._connection.using(_WRITE_S) as (client, more):
            given = {"filter": expression, "output_fields": ["count(*)"], "consistency_level": "Strong", **more}
            found = loaded(client, name, lambda: client.query(name, **given), _WRITE_S)
        return int(found[0]["count(*)"])

    def keys(self, name: str) -> NDArray[np.int64]:
        """Read the keys of all rows, in order."""
        found = [np.empty(0, dtype=np.int64)]
        with self._connection.using(_WRITE_S) as (client, more):
            given = {"batch_size": _PAGE, "filter": "key >= 0", "output_fields": ["key"], **more}
            given["consistency_level"] = "Strong"
            pages = loaded(client, name, lambda: client.query_iterator(name, **given), _WRITE_S)
            try:
                while page := pages.next():
                    found.append(np.fromiter((row["key"] for row in page), np.int64, len(page)))
            finally:
                pages.close()
        return np.sort(np.concatenate(found))

    def search(
        self,
        name: str,
        field: str,
        query: object,
        limit: int,
        *,
        params: Mapping[str, Any],
        expression: str = "",
        written: int | None = None,
    ) -> Hits:
        """Find the rows nearest to a vector, or most like a text, best first.

        Parameters:
            written: a time of Milvus that has to be seen; see `upsert`.
        """
        with self._connection.using(self._search_s) as (client, more):
            given = {"filter": expression, "search_params": dict(params), **self._seeing(written), **more}
            given |= {"anns_field": field, "limit": min(limit, MOST_HITS), "output_fields": ["key"]}
            found = loaded(client, name, lambda: client.search(name, data=[query], **given), self._search_s)
        hits = found[0]
        return Hits(np.array(list(hits.ids), dtype=np.int64), np.array(list(hits.distances), dtype=np.float32))

    def together(self, searches: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run searches at the same time; give their results in order."""
        running = [self._pool.submit(search) for search in searches]
        with self.pause():
            wait(running)
        return [one.result() for one in running]

    def close(self) -> None:
        """End its threads, without waiting for what is under way, and its connection."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    def _seeing(self, written: int | None) -> dict[str, object]:
        if self._consistency != "session":
            return {"consistency_level": self._consistency.capitalize()}
        if written is None:
            return {"consistency_level": "Strong"}
        return {"consistency_level": "Customized", "guarantee_timestamp": written}

    def _written(self, name: str) -> int | None:
        from pymilvus.client import ts_utils  # noqa: PLC0415

        place = f"{self.address.host}:{self.address.port}"
        return ts_utils.get_collection_ts(name, place, self.address.database) or None
