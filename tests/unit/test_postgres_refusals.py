"""What is told of a PostgreSQL that refuses a connection, and who waits for one where it takes no more."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("psycopg", reason="psycopg is absent")

import psycopg

from qa_service.errors import Unavailable
from qa_service.store.postgres import server, telling


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('FATAL:  password authentication failed for user "x"', "correct QA_CATALOG"),
        ('FATAL:  database "x" does not exist', "correct QA_CATALOG"),
        ('FATAL:  role "x" does not exist', "correct QA_CATALOG"),
        ('FATAL:  no pg_hba.conf entry for host "h"', "correct QA_CATALOG"),
        ('connection is bad: invalid integer value "abc" for connection option "port"', "correct QA_CATALOG"),
        ('connection is bad: invalid port number: "99999"', "correct QA_CATALOG"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("FATAL:  remaining connection slots are reserved for roles", "QA_CATALOG_CONNECTIONS"),
        ("connection failed: Connection refused", telling.AGAIN),
    ],
)
def test_the_remedy_is_for_what_is_wrong(said: str, remedy: str) -> None:
    with pytest.raises(Unavailable) as caught:
        telling.tell(psycopg.OperationalError(said), "postgresql://h:1/x")
    assert remedy in str(caught.value.remedy)


class FullServer:
    """Makes one connection and refuses all others."""

    where = "postgresql://h:1/x"

    def __init__(self) -> None:
        self.made = 0

    def connect(self) -> Any:
        self.made += 1
        if self.made > 1:
            raise telling.Full("no more", field=self.where)
        idle = psycopg.pq.TransactionStatus.IDLE
        return SimpleNamespace(closed=False, info=SimpleNamespace(transaction_status=idle), close=lambda: None)


def test_a_full_server_is_waited_for_while_others_are_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WAIT_S", 20.0)
    pool = server.Pool(cast(server.Server, FullServer()), 2)
    first = pool.take()
    threading.Timer(0.2, pool.give_back, (first,)).start()
    assert pool.take() is first
    monkeypatch.setattr(server, "WAIT_S", 0.1)
    with pytest.raises(telling.Full):
        pool.take()
