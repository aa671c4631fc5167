"""There and back again: the same rows, vectors and answers, and nothing encoded anew."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged
from qa_service.masking import masked
from qa_service.migrating import verifying
from qa_service.migrating.places import route
from qa_service.store import collections, copying
from qa_service.store.copying import TABLES
from qa_service.store.opening import open_catalog
from qa_service.store.segments import Block
from qa_service.types import Ask
from tests.conformance.migrating.migrations import answers, content, migrate, named
from tests.conftest import add
from tests.milvus_server import MilvusTestServer


def test_every_table_is_copied_or_known_not_to_be(source: Settings, postgres: str) -> None:
    for settings in (source, named(source, catalog=postgres)):
        with closing(open_catalog(settings)) as catalog, catalog.read() as connection:
            statement = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            if settings.catalog is not None:
                statement = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            found = {name for (name,) in connection.execute(statement)}
        assert found - {one.name for one in TABLES} <= set(copying.APART)


def test_there_and_back_again_everything_is_as_it_was(
    source: Settings, postgres: str, milvus_server: MilvusTestServer, tmp_path: Path
) -> None:
    wanted, before = content(source), answers(source)
    milvus = milvus_server.database()
    report = migrate(source, milvus, postgres)
    assert report.files == ("keys.json",) and not report.taken and report.compared >= 4
    there = named(source, index=milvus, catalog=postgres)
    assert content(there) == wanted
    assert answers(there) == before
    back = migrate(there, "local", data_to=tmp_path / "back")
    assert back.taken
    assert (tmp_path / "back" / "keys.json").read_bytes() == (source.data_dir / "keys.json").read_bytes()
    home = source.model_copy(update={"data_dir": tmp_path / "back"})
    assert content(home) == wanted
    assert answers(home) == before


def test_rows_are_numbered_on(source: Settings, postgres: str) -> None:
    migrate(source, "local", postgres)
    there = named(source, catalog=postgres)
    told = []
    for settings in (source, there):
        with closing(Engine.open(settings, ToyEncoder())) as engine:
            add(engine, {"new": "闽南的龙眼在八月成熟。"})
            with engine.catalog.read() as connection:
                found = connection.execute("SELECT max(row) FROM articles").fetchone()
                told.append((found, connection.execute("SELECT max(key) FROM passages").fetchone()))
            assert engine.check() == []
    assert told[0] == told[1]


def test_the_index_alone_goes_to_milvus_and_back(source: Settings, milvus_server: MilvusTestServer) -> None:
    before, milvus = answers(source), milvus_server.database()
    migrate(source, milvus)
    there = named(source, index=milvus)
    assert answers(there) == before
    with closing(Engine.open(there, ToyEncoder())) as engine:
        add(engine, {"new": "闽南的龙眼在八月成熟。"})
        engine.delete_article("default", "a7")
        engine.compact_everything(erase=True)
    before = answers(there)
    migrate(there, "local")
    assert answers(source) == before


def test_an_index_alone_that_answers_otherwise_is_taken_back(
    source: Settings, milvus_server: MilvusTestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus = milvus_server.database()
    there = named(source, index=milvus)

    def published(settings: Settings) -> list[bool]:
        with closing(Engine.open(settings, ToyEncoder(), recover=False)) as engine, engine.catalog.read() as connection:
            return [engine.generations.current(one.row) is not None for one in collections.every(connection)]

    def differing(_source: Engine, target: Engine, _ask: Ask) -> None:
        raise verifying._differs("it says no", target.catalog)

    with monkeypatch.context() as patch:
        patch.setattr(verifying, "_compare", differing)
        with pytest.raises(Damaged, match=r"it says no; what was made of it is removed") as caught:
            migrate(source, milvus)
        assert caught.value.field == milvus and "unserved" not in str(caught.value)
        assert published(there) == [False, False] and published(source) == [True, True]
    migrate(source, milvus)
    assert published(there) == [True, True]
    with monkeypatch.context() as patch:
        patch.setattr(verifying, "_compare", differing)
        # The local one is still there.
        with pytest.raises(Damaged, match="it had default, others before and keeps that") as caught:
            migrate(there, "local")
        assert caught.value.field == "local" and published(source) == [True, True]
        shutil.rmtree(source.data_dir / "indexes")
        with pytest.raises(Damaged, match="what was made of it is removed"):
            migrate(there, "local")
    assert published(source) == [False, False]


def test_a_target_that_holds_something_is_refused(source: Settings, postgres: str, tmp_path: Path) -> None:
    there = named(source, catalog=postgres)
    with closing(Engine.open(there, ToyEncoder())) as engine:
        add(engine, {"own": "江南的枇杷在五月成熟。"})
    with pytest.raises(BadInput, match="holds articles already"):
        migrate(source, "local", postgres)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").touch()
    with pytest.raises(BadInput, match="not an empty directory"):
        migrate(there, "local", data_to=tmp_path / "papers")
    with pytest.raises(BadInput, match="holds articles already"):
        migrate(there, "local")
    assert content(there)[0]["articles"]


def test_nothing_to_move_is_told(source: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there already"):
        migrate(source, "local")
    with pytest.raises(BadInput, match="--data-to"):
        migrate(source, "milvus://127.0.0.1:1/x", data_to=tmp_path / "x")
    with pytest.raises(BadInput, match="--to"):
        migrate(source, "nowhere")
    with pytest.raises(BadInput, match="--catalog"):
        migrate(source, "local", "mysql://x")


def test_from_one_milvus_to_another_over_one_catalogue_is_refused(source: Settings) -> None:
    here = source.model_copy(update={"index": SecretStr("milvus://here.example:1/x")})
    with pytest.raises(BadInput, match="cannot be in another one too"):
        route(here, "milvus://there.example:1/x", None, None)


def test_passwords_are_in_no_message() -> None:
    told = masked("postgresql://me:geheim@db.example/x") + masked("postgresql://db/x?password=geheim&a=1")
    assert "geheim" not in told and "me:***@db.example" in told


def test_a_copy_of_vectors_is_equal_to_the_last_bit(source: Settings, postgres: str) -> None:
    migrate(source, "local", postgres, questions=0)
    with closing(open_catalog(source)) as one, closing(open_catalog(named(source, catalog=postgres))) as other:
        with one.read() as connection:
            place = connection.execute("SELECT segment, slot, vectors, vectors_crc FROM passages LIMIT 1").fetchone()
        here, there = (catalog.segments().checked(Block(*place)) for catalog in (one, other))
        assert np.array_equal(here, there)
