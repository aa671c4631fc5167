"""A catalogue that was copied, or put back older than it was, has nothing to do with what Milvus holds of the other."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.backup.making import make
from qa_service.backup.restoring import restore
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Superseded
from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.store import collections, facts, identity
from tests.conformance.articles import ask, submission
from tests.postgres_server import PostgresServer

BOTH = [pytest.param(("milvus", "sqlite"), id="sqlite"), pytest.param(("milvus", "postgres"), id="postgres")]
EACH = pytest.mark.parametrize("place", BOTH, indirect=True)
SQLITE = pytest.mark.parametrize("place", BOTH[:1], indirect=True)

Copying = Callable[[Settings], Settings]


def opened_at(settings: Settings) -> Engine:
    return Engine.open(settings, ToyEncoder())


def found(engine: Engine) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号")).passages)


def put(engine: Engine, *numbers: int, version: int = 0) -> None:
    assert all(one.outcome != "failed" for one in engine.ingest([submission(n, version) for n in numbers]))


def name_of(engine: Engine) -> str:
    assert isinstance(engine.generations, MilvusIndexes)
    return engine.generations.identity


def in_milvus(engine: Engine) -> set[str]:
    """List the catalogues of which Milvus has something."""
    assert isinstance(engine.generations, MilvusIndexes)
    return {name.split("_")[1] for name in engine.generations.server.collections()}


@pytest.fixture
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Copying:
    """Copy a catalogue that nobody uses, as an operator does."""

    def copy(settings: Settings) -> Settings:
        name = f"copy_{secrets.token_hex(6)}"
        if settings.catalog is None:
            shutil.copytree(settings.data_dir, tmp_path / name)
            return settings.model_copy(update={"data_dir": tmp_path / name})
        import psycopg

        server: PostgresServer = request.getfixturevalue("postgres_server")
        address = urlsplit(settings.catalog.get_secret_value())
        with psycopg.connect(server._admin, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {address.path[1:]}")
        request.addfinalizer(lambda: _drop(server, name))
        catalog = SecretStr(address._replace(path=f"/{name}").geturl())
        return settings.model_copy(update={"data_dir": tmp_path / name, "catalog": catalog})

    return copy


def _drop(server: PostgresServer, name: str) -> None:
    import psycopg

    with psycopg.connect(server._admin, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def put_back(request: pytest.FixtureRequest) -> Callable[[Settings, Settings], None]:
    """Put a copy in the place of its original."""

    def put_in_place(copy: Settings, original: Settings) -> None:
        if original.catalog is None or copy.catalog is None:
            shutil.rmtree(original.data_dir)
            shutil.copytree(copy.data_dir, original.data_dir)
            return
        import psycopg

        server: PostgresServer = request.getfixturevalue("postgres_server")
        old, new = (urlsplit(one.catalog.get_secret_value()).path[1:] for one in (original, copy) if one.catalog)
        with psycopg.connect(server._admin, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {old} WITH (FORCE)")
            admin.execute(f"ALTER DATABASE {new} RENAME TO {old}")

    return put_in_place


@EACH
def test_what_is_done_to_a_copy_leaves_its_original_as_it_is(
    stored: Settings, copied: Copying, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(opened_at(stored)) as engine:
        put(engine, *range(4))
        name = name_of(engine)
        with engine.catalog.writer_lock(), engine.catalog.write() as tx:
            facts.put(tx, "replaces 0123456789ab", "0123456789ab")
    copy = copied(stored)
    with closing(opened_at(copy)) as engine:
        assert name_of(engine) != name
        assert f"qa_{name}_" in caplog.text
        with engine.catalog.read() as connection:
            assert identity.replaced(connection) == []  # it is the original's to remove
        assert found(engine) == ["a0", "a1", "a2", "a3"]
        engine.delete_article("default", "a0")
        put(engine, 1, version=1)
        engine.compact_everything(erase=True)
        assert found(engine) == ["a1", "a2", "a3"]
        mine = name_of(engine)
    caplog.clear()
    with closing(opened_at(stored)) as engine:
        assert name_of(engine) == name
        assert found(engine) == ["a0", "a1", "a2", "a3"]
        assert engine.check() == []
    with closing(opened_at(copy)) as engine:
        assert name_of(engine) == mine
    assert "is a copy" not in caplog.text


@EACH
def test_an_older_copy_that_is_put_back_answers_rightly(
    stored: Settings, copied: Copying, put_back: Callable[[Settings, Settings], None]
) -> None:
    with closing(opened_at(stored)) as engine:
        put(engine, *range(4))
    older = copied(stored)
    with closing(opened_at(stored)) as engine:
        engine.delete_article("default", "a0")
        put(engine, 7, 8)
        engine.compact_everything(erase=True)
    put_back(older, stored)
    with closing(opened_at(stored)) as engine:
        assert found(engine) == ["a0", "a1", "a2", "a3"]
        put(engine, 5)
        assert found(engine) == ["a0", "a1", "a2", "a3", "a5"]
        assert engine.check() == []


@EACH
def test_a_service_that_had_it_open_when_it_was_replaced_answers_no_more(stored: Settings) -> None:
    with closing(opened_at(stored)) as engine:
        put(engine, 0)
        with engine.catalog.writer_lock(), engine.catalog.write() as tx:
            facts.put(tx, "known at", "1:2:3")
        identity.name_of(engine.catalog)
        with pytest.raises(Superseded, match="in its place"):
            put(engine, 1)


@EACH
def test_the_name_that_an_earlier_version_gave_is_kept_where_milvus_takes_it(stored: Settings) -> None:
    with closing(opened_at(stored)) as engine:
        put(engine, 0)
        name, earlier = name_of(engine), "ab" * 6
        with engine.catalog.writer_lock(), engine.catalog.write() as tx:
            for fact in ("known as", "known at"):
                facts.remove(tx, fact)
            if stored.catalog is None:
                facts.put(tx, "identity", earlier)
    with closing(opened_at(stored)) as engine:
        assert (name_of(engine) == earlier) == (stored.catalog is None)
        assert "-" not in name_of(engine)
        assert name_of(engine) != name
        assert found(engine) == ["a0"]


@SQLITE
def test_a_restored_backup_has_a_name_of_its_own_and_removes_what_it_replaces(stored: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    with closing(opened_at(stored)) as engine:
        put(engine, *range(3))
        name = name_of(engine)
    make(stored.data_dir, kept, indexes=False, advance=lambda _done, _total: None)
    restore(kept, tmp_path / "staging", replace=False, keep_keys=False, advance=lambda _done, _total: None)
    with closing(opened_at(stored.model_copy(update={"data_dir": tmp_path / "staging"}))) as engine:
        engine.delete_article("default", "a0")
        engine.compact_everything(erase=True)
        assert found(engine) == ["a1", "a2"]
        staging = name_of(engine)
    with closing(opened_at(stored)) as engine:
        assert found(engine) == ["a0", "a1", "a2"]
        engine.delete_article("default", "a1")
        put(engine, 9)
    restore(kept, stored.data_dir, replace=True, keep_keys=False, advance=lambda _done, _total: None)
    with closing(opened_at(stored)) as engine:
        assert found(engine) == ["a0", "a1", "a2"]
        assert in_milvus(engine) == {staging, name_of(engine)}
        assert name not in in_milvus(engine)


@SQLITE
def test_an_older_copy_over_the_same_file_answers_rightly(stored: Settings, tmp_path: Path) -> None:
    with closing(opened_at(stored)) as engine:
        put(engine, *range(4))
    path = stored.data_dir / "catalog.sqlite3"
    shutil.copy(path, tmp_path / "older")
    place = path.stat().st_ino
    with closing(opened_at(stored)) as engine:
        engine.delete_article("default", "a0")
        put(engine, 7)
        with engine.catalog.read() as connection:
            [collection] = collections.every(connection)
        engine.generations.compact(collection, force=True)
    shutil.copyfile(tmp_path / "older", path)
    assert path.stat().st_ino == place
    with closing(opened_at(stored)) as engine:
        assert found(engine) == ["a0", "a1", "a2", "a3"]
