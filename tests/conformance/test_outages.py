"""Milvus and PostgreSQL killed and started again under a service that goes on: nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from qa_service.engine import Engine
from qa_service.errors import Unavailable
from tests.conformance.articles import ask, submission
from tests.conformance.conftest import Opened
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer

SEARCH_S = 5.0
"""What a search may take, so that a busy machine is not taken for an outage."""
BOTH = pytest.mark.parametrize("place", [("milvus", "postgres")], ids=["milvus-postgres"], indirect=True)
pytestmark = BOTH


@pytest.fixture(scope="module")
def milvus_server() -> Iterator[MilvusTestServer]:
    """One of its own: others are not to be killed."""
    with closing(MilvusTestServer.private()) as made:
        yield made


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[PostgresServer]:
    """One of its own, for the same reason."""
    with closing(PostgresServer.private()) as made:
        yield made


@pytest.fixture
def engine(opened: Opened) -> Engine:
    """Give an engine with ten articles that were acknowledged."""
    made = opened(milvus_timeout=SEARCH_S)
    assert [one.outcome for one in made.ingest(map(submission, range(10)))] == ["created"] * 10
    return made


def found(engine: Engine) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号")).passages)


def all_of(count: int) -> list[str]:
    return sorted(f"a{n}" for n in range(count))


def put(engine: Engine, number: int, version: int = 0) -> str:
    [one] = engine.ingest([submission(number, version)])
    return one.outcome


def refused(act: Callable[[], object]) -> tuple[str, float]:
    """Give the address that a refusal names, and the seconds that it took."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        act()
    return str(caught.value.field), time.monotonic() - began


def back(server: MilvusTestServer, engine: Engine) -> None:
    """Start Milvus, and wait until the engine has noticed: it does not try again at once."""
    server.start()
    give_up = time.monotonic() + 60
    while True:
        try:
            found(engine)
            return
        except Unavailable:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def test_milvus_is_away_for_a_while(engine: Engine, milvus_server: MilvusTestServer) -> None:
    place = milvus_server.database().removeprefix("milvus://").partition("/")[0]
    assert found(engine) == all_of(10)
    milvus_server.kill()
    try:
        named, took = refused(lambda: found(engine))
        assert place in named
        assert took < 3 * SEARCH_S
        for act in (lambda: found(engine), lambda: put(engine, 10), lambda: put(engine, 3, version=1)):
            named, took = refused(act)
            assert place in named
            assert took < SEARCH_S  # nothing waits for what is known to be away
    finally:
        back(milvus_server, engine)
    # The same engine goes on: what was refused can be given again, and what was acknowledged is there.
    assert put(engine, 10) in ("created", "unchanged")
    assert put(engine, 3, version=1) in ("updated", "unchanged")
    assert found(engine) == all_of(11)
    [shown] = [one.text for one in engine.ask(ask("编号")).passages if one.article_id == "a3"]
    assert shown in submission(3, version=1).content.decode()
    engine.recover()
    assert engine.check() == []


def test_milvus_dies_within_a_publication(
    engine: Engine, milvus_server: MilvusTestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = type(engine.generations).publish_delta

    def die_first(*given: object) -> object:
        milvus_server.kill()
        return publish(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(engine.generations), "publish_delta", die_first)
        with pytest.raises(Unavailable, match="what was written is kept"):
            put(engine, 10)
    back(milvus_server, engine)
    engine.recover()
    assert found(engine) == all_of(11)
    assert put(engine, 10) == "unchanged"
    assert engine.check() == []


def test_postgres_is_away_for_a_while(engine: Engine, postgres_server: PostgresServer) -> None:
    assert found(engine) == all_of(10)
    postgres_server.kill()
    try:
        for act in (lambda: found(engine), lambda: put(engine, 10), lambda: put(engine, 3, version=1)):
            named, took = refused(act)
            assert f"127.0.0.1:{postgres_server.port}" in named
            assert took < 10
    finally:
        postgres_server.start()
    assert found(engine) == all_of(10)
    assert put(engine, 10) == "created"
    assert put(engine, 3, version=1) == "updated"
    assert found(engine) == all_of(11)
    assert engine.check() == []


def test_postgres_dies_after_milvus_was_written(
    engine: Engine, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = type(engine.generations.publishing)  # type: ignore[attr-defined]
    record = publishing.record

    def die_first(*given: object) -> object:
        postgres_server.kill()
        return record(*given)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "record", die_first)
        refused(lambda: put(engine, 10))
    postgres_server.start()
    # Milvus has rows that nothing records: nobody is shown them.
    assert found(engine) == all_of(10)
    assert put(engine, 10) == "unchanged"
    assert found(engine) == all_of(11)
    assert engine.check() == []
