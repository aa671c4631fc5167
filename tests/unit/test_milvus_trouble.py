"""What Milvus's failures are taken for, and who is told at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

pytest.importorskip("pymilvus", reason="pymilvus is absent")

import grpc
from pymilvus.exceptions import DescribeCollectionException, MilvusException, ParamError

from qa_service.errors import Overloaded, Unavailable
from qa_service.index.milvus.breaker import Breaker
from qa_service.index.milvus.connection import MilvusConnection
from qa_service.index.milvus.failing import Away, NoDatabase, meaning
from qa_service.index.milvus.loading import loaded
from qa_service.index.snapshot import Gone
from qa_service.milvus_address import parse


class Ended(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """A call of gRPC that ended with a status."""

    def __init__(self, status: grpc.StatusCode) -> None:
        super().__init__()
        self.status = status

    def code(self) -> grpc.StatusCode:
        return self.status


for _name in Ended.__abstractmethods__:
    setattr(Ended, _name, lambda *_: None)
Ended.__abstractmethods__ = frozenset()


def retried(error: BaseException) -> MilvusException:
    """Give what the client library makes of an error once it has tried often enough."""
    made = MilvusException(message="Retry timeout: 5s")
    made.__cause__ = error
    return made


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Ended(grpc.StatusCode.UNAVAILABLE), Away),
        (Ended(grpc.StatusCode.DEADLINE_EXCEEDED), Away),
        (retried(Ended(grpc.StatusCode.UNAVAILABLE)), Away),
        (grpc.FutureTimeoutError(), Away),
        (MilvusException(2, "Fail connecting to server"), Away),
        (MilvusException(1, "service not ready"), Away),
        (MilvusException(100, "collection 'x' does not exist"), Gone),
        (DescribeCollectionException(100, "can't find collection"), Gone),
        (MilvusException(800, "database not found[database=x]"), NoDatabase),
        (MilvusException(6, "database 'x' does not exist"), NoDatabase),
        (ParamError(message="wrong"), Unavailable),
        (MilvusException(65535, "cannot drop the collection via alias"), Unavailable),
        (MilvusException(1401, "permission deny"), Unavailable),
        (Ended(grpc.StatusCode.UNAUTHENTICATED), Unavailable),
        (MilvusException(8, "rate limit exceeded"), Unavailable),
        (Ended(grpc.StatusCode.RESOURCE_EXHAUSTED), Unavailable),
    ],
    ids=str,
)
def test_only_what_does_not_answer_is_away(error: Exception, kind: type[Exception]) -> None:
    assert type(meaning(error, "milvus://db.example:1/x")) is kind


def test_what_can_be_done_depends_on_what_it_is() -> None:
    def remedy(error: Exception) -> str:
        return str(meaning(error, "here").remedy)

    assert "password" in remedy(Ended(grpc.StatusCode.UNAUTHENTICATED))
    assert "quotas" in remedy(MilvusException(9, "quota exceeded"))
    assert "makes it again" in remedy(MilvusException(100, "collection not found"))


def test_who_waits_for_an_attempt_to_connect_makes_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = MilvusConnection(parse("milvus://127.0.0.1:1/x"), 1.0)
    attempts: list[float] = []
    together = threading.Barrier(6)

    def connect() -> Any:
        attempts.append(time.monotonic())
        time.sleep(0.5)
        raise MilvusException(2, "Fail connecting to server")

    monkeypatch.setattr(connection, "_connect", connect)
    refused: list[Exception] = []

    def use() -> None:
        together.wait(10)
        try:
            with connection.using(1.0):
                pass
        except Unavailable as error:
            refused.append(error)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 6
    assert len(attempts) == 1
    assert connection.outages == 1


def test_questions_that_come_while_one_tries_wait_for_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.index.milvus.breaker.TRIAL_S", 30.0)
    clock = [100.0]
    breaker = Breaker(lambda: Unavailable("away"), lambda: clock[0])
    with pytest.raises(KeyError), breaker.call(KeyError):
        raise KeyError
    clock[0] += 2.0
    trying, answered = threading.Event(), threading.Event()
    passed: list[bool] = []

    def first() -> None:
        with breaker.call(KeyError):
            trying.set()
            answered.wait(10)

    def other() -> None:
        try:
            with breaker.call(KeyError):
                passed.append(True)
        except Unavailable:
            passed.append(False)

    one = threading.Thread(target=first)
    one.start()
    trying.wait(10)
    two = threading.Thread(target=other)
    two.start()
    answered.set()
    one.join()
    two.join()
    assert passed == [True]


def test_a_collection_that_takes_long_to_load_is_told_as_such() -> None:
    class Client:
        def load_collection(self, name: str, timeout: float) -> None:
            raise MilvusException(message=f"wait for loading {name} timeout after {timeout}")

    def search() -> None:
        raise MilvusException(101, "collection not loaded")

    with pytest.raises(Overloaded, match="still loading x"):
        loaded(Client(), "x", search, 5.0)  # type: ignore[arg-type]


def test_what_does_not_answer_is_told_without_internals() -> None:
    def told(error: Exception) -> str:
        return meaning(error, "here").detail

    assert told(Ended(grpc.StatusCode.DEADLINE_EXCEEDED)).endswith("it did not answer in time (QA_MILVUS_TIMEOUT)")
    assert told(Ended(grpc.StatusCode.UNAVAILABLE)).endswith("it cannot be reached")
    refused = "Fail connecting to server on h:1, illegal connection params or server unavailable"
    assert told(MilvusException(2, refused)).endswith("it cannot be reached")
