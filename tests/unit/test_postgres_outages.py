"""PostgreSQL killed and started again under a service that goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.http.host import EngineHost, Loading
from qa_service.types import Ask
from tests.conftest import add
from tests.postgres_server import PostgresServer

pytest.importorskip("psycopg", reason="psycopg is absent")

from qa_service.store.postgres import pulse

PARK = "青河公园每天早上六点开门。晚上十点关门。儿童票价是五元。"
LAKE = "镜湖的游船周一停开。其他日子九点开始卖票。"
QUESTION = Ask("公园几点开门？")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of its own: others are not to be killed."""
    with closing(PostgresServer.private()) as made:
        yield made


@pytest.fixture
def engine(settings: Settings, server: PostgresServer) -> Iterator[Engine]:
    with server.database() as url:
        chosen = Settings(**{**settings.model_dump(), "catalog": url})
        with closing(Engine.open(chosen, ToyEncoder())) as opened:
            yield opened


def first(engine: Engine) -> str:
    return engine.ask(QUESTION).passages[0].article_id


def test_it_is_away_for_a_while(engine: Engine, server: PostgresServer) -> None:
    add(engine, {"a": PARK})
    assert first(engine) == "a"
    server.kill()
    began = time.monotonic()
    for use in (lambda: first(engine), lambda: add(engine, {"b": LAKE}), lambda: engine.submit([], "x")):
        with pytest.raises(Unavailable) as caught:
            use()
        assert f"127.0.0.1:{server.port}" in str(caught.value.field)
    # Nothing waits for what is not there.
    assert time.monotonic() - began < 10
    server.start()
    assert first(engine) == "a"
    assert [one.outcome for one in add(engine, {"b": LAKE})] == ["created"]
    assert engine.check() == []


def test_connections_from_before_are_replaced_without_a_failure(engine: Engine, server: PostgresServer) -> None:
    add(engine, {"a": PARK})
    assert first(engine) == "a"
    server.kill()
    server.start()
    assert first(engine) == "a"
    assert [one.outcome for one in add(engine, {"b": LAKE})] == ["created"]
    with engine.catalog.jobs_lock() as mine:
        assert mine()


def test_who_loses_the_connection_loses_lock_and_transaction(engine: Engine, server: PostgresServer) -> None:
    with pytest.raises(Unavailable), engine.catalog.writer_lock(), engine.catalog.write() as tx:
        tx.connection.execute("INSERT INTO meta VALUES ('x', 'y')")
        server.kill()
        server.start()
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        assert tx.connection.execute("SELECT 1 FROM meta WHERE key = 'x'").fetchone() is None


def test_a_reader_that_is_cut_off_is_told(engine: Engine, server: PostgresServer) -> None:
    with pytest.raises(Unavailable), engine.catalog.read() as connection:
        connection.sequence()
        server.kill()
        server.start()
        connection.execute("SELECT 1")
    with engine.catalog.read() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_stands_still(engine: Engine, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its machine takes what is sent, so that nothing but time tells that it does not answer."""
    add(engine, {"a": PARK})
    assert first(engine) == "a"
    with server.stopped(), monkeypatch.context() as patch:
        patch.setattr(pulse, "LATE_S", 0.3)
        patch.setattr(pulse, "KNOCKS", 1)
        patch.setattr("qa_service.store.postgres.server.KNOCK_S", 2)
        patch.setattr("qa_service.fitness.FRESH_S", 0.0)
        for use in (lambda: first(engine), lambda: add(engine, {"b": LAKE}), lambda: engine.submit([], "x")):
            with pytest.raises(Unavailable) as caught:
                use()
            assert f"127.0.0.1:{server.port}" in str(caught.value.field)
        readiness = engine.readiness()
        assert not readiness.ready
        assert "the catalogue cannot be read" in readiness.status
    time.sleep(1.1)  # for so long nothing is tried
    assert first(engine) == "a"
    assert [one.outcome for one in add(engine, {"b": LAKE})] == ["created"]
    assert engine.check() == []


def test_a_statement_may_last_while_the_server_answers(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "LATE_S", 0.1)
    knocked: list[object] = []
    knock = engine.catalog._server._pulse._knock  # type: ignore[attr-defined]
    monkeypatch.setattr(engine.catalog._server._pulse, "_knock", lambda: knocked.append(knock()))  # type: ignore[attr-defined]
    with engine.catalog.read() as connection:
        connection.execute("SELECT pg_sleep(1)")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert knocked


def test_a_service_that_starts_while_it_is_away_goes_on_trying(
    settings: Settings, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa_service.http.host._AGAIN_S", 0.05)
    with server.database() as url:
        server.kill()
        host = EngineHost(Settings(**{**settings.model_dump(), "catalog": url}))
        try:
            host.start()
            assert host.wait(60)
            with pytest.raises(Loading) as caught:
                host.engine()
            assert f"127.0.0.1:{server.port}" in str(caught.value.field)
            server.start()
            give_up = time.monotonic() + 60
            while not host.ready:
                assert time.monotonic() < give_up
                time.sleep(0.05)
            assert host.engine().readiness().ready
        finally:
            host.close()
            if not server.running:
                server.start()
