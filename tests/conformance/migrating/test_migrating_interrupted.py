"""Migrations that are cut off, or end in something else than what was moved: nothing of it is served."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged, Unavailable
from qa_service.store import copying
from qa_service.store.copying import TABLES, Copy
from qa_service.store.opening import open_catalog
from tests.conformance.articles import submission
from tests.conformance.migrating.migrations import Killed, answers, content, kill_in, migrate, named
from tests.conftest import add
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer


@pytest.mark.parametrize("batch", [0, 14, 30])
def test_a_migration_that_is_killed_goes_on(
    source: Settings, postgres: str, tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, home = named(source, catalog=postgres), source.model_copy(update={"data_dir": tmp_path / "back"})
    wanted = content(source)
    ways: list[tuple[Settings, Settings, dict[str, Any]]] = [
        (source, there, {"catalog": postgres}),
        (there, home, {"data_to": tmp_path / "back"}),
    ]
    for settings, target, given in ways:
        with monkeypatch.context() as patch:
            kill_in(patch, batch)
            with pytest.raises(Killed):
                migrate(settings, "local", **given)
        with pytest.raises(Unavailable, match="unfinished migration"):
            Engine.open(target, ToyEncoder())
        migrate(settings, "local", **given)
        assert content(target) == wanted


@pytest.mark.parametrize("batch", [16, 40])
def test_what_was_written_between_two_runs_comes_along(
    source: Settings, postgres: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, batch)
        with pytest.raises(Killed):
            migrate(source, "local", postgres)
    with closing(Engine.open(source, ToyEncoder())) as engine:
        list(engine.ingest([submission(number, version=2) for number in range(4)]))
        engine.delete_article("default", "a9")
        engine.delete_collection("others")
        engine.compact_everything(erase=True)
    wanted = content(source)
    migrate(source, "local", postgres)
    there = named(source, catalog=postgres)
    assert content(there) == wanted
    assert answers(there) == answers(source)


def test_a_kill_while_milvus_is_filled_loses_nothing(
    source: Settings, milvus_server: MilvusTestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qa_service.index.milvus import publishing
    from qa_service.index.milvus.client import MilvusServer

    milvus, upsert, done = milvus_server.database(), MilvusServer.upsert, 0
    monkeypatch.setattr(publishing, "STEP_PASSAGES", 1)

    def upsert_or_die(self: MilvusServer, name: str, given: Any) -> int | None:
        nonlocal done
        done += 1
        if done > 6:
            raise Killed
        return upsert(self, name, given)

    with monkeypatch.context() as patch:
        patch.setattr(MilvusServer, "upsert", upsert_or_die)
        with pytest.raises(Killed):
            migrate(source, milvus)
    written = []

    def upsert_and_note(self: MilvusServer, name: str, given: Any) -> int | None:
        written.extend([row["key"] for row in given if "windows" in name])
        return upsert(self, name, given)

    monkeypatch.setattr(MilvusServer, "upsert", upsert_and_note)
    before = answers(source)
    migrate(source, milvus)
    assert answers(named(source, index=milvus)) == before
    with closing(open_catalog(source)) as catalog, catalog.read() as connection:
        (live,) = connection.execute(
            "SELECT count(*) FROM passages WHERE deleted_seq IS NULL AND vectors > 0"
        ).fetchone()
    assert len(written) < live


def test_an_unfinished_migration_of_another_source_is_refused(
    source: Settings, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, 4)
        with pytest.raises(Killed):
            migrate(source, "local", postgres)
    other = source.model_copy(update={"data_dir": tmp_path / "other"})
    with closing(Engine.open(other, ToyEncoder())) as engine:
        add(engine, {"own": "江南的枇杷在五月成熟。"})
    with pytest.raises(BadInput, match="of another source"):
        migrate(other, "local", postgres)


def test_a_damaged_vector_is_not_copied(source: Settings, postgres: str) -> None:
    [path] = (source.data_dir / "vectors").glob("*.vec")
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        migrate(source, "local", postgres)
    with pytest.raises(Unavailable, match="unfinished"):
        open_catalog(named(source, catalog=postgres))


def test_answers_that_differ_leave_the_target_unserved(
    source: Settings, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Copy._put_vectors

    def put_shifted(self: Copy, tx: Any, columns: Any, given: Any) -> None:
        put(self, tx, columns, given)
        tx.connection.execute("UPDATE terms SET df = df + 40")

    with monkeypatch.context() as patch:
        patch.setattr(Copy, "_put_vectors", put_shifted)
        # Words of articles are copied later, so that the first table read is wrong once all is there.
        patch.setattr(copying, "TABLES", tuple(sorted(TABLES, key=lambda one: one.name == "passages")))
        with pytest.raises(Damaged, match="another way"):
            migrate(source, "local", postgres)
    with pytest.raises(Unavailable, match="unfinished"):
        open_catalog(named(source, catalog=postgres))


@pytest.mark.parametrize("end", ["target", "source"])
def test_a_database_that_goes_away_is_told_and_waited_for(
    source: Settings, tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PostgresServer.private()) as server, server.database() as url:
        there, home = named(source, catalog=url), source.model_copy(update={"data_dir": tmp_path / "back"})
        settings, target = source, there
        given: dict[str, Any] = {"catalog": url}
        if end == "source":
            migrate(source, "local", url)
            settings, target, given = there, home, {"data_to": tmp_path / "back"}
        with monkeypatch.context() as patch:
            kill_in(patch, 20, server.kill)
            with pytest.raises(Unavailable):
                migrate(settings, "local", **given)
        server.start()
        migrate(settings, "local", **given)
        assert content(target) == content(source)
