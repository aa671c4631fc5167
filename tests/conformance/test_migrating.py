"""There and back again: the same rows, vectors and answers, whatever happens on the way, and nothing encoded anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import BadInput, Damaged, Unavailable
from qa_service.keys import key_file
from qa_service.keys.key import make_key
from qa_service.migrating import moving, places
from qa_service.migrating.moving import Report
from qa_service.store import copying
from qa_service.store.catalog import Catalog
from qa_service.store.copying import TABLES, Copy, Mark
from qa_service.store.opening import open_catalog
from qa_service.store.segments import Block
from qa_service.types import Submission
from tests.conformance.articles import QUESTIONS, ask, shown, submission
from tests.conftest import add
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer

SEGMENT = "岭南的荔枝在四月成熟。它由果农在清晨采摘，当天送往城里。城里的人把它浸在井水里，第二天再吃。"


class Killed(BaseException):
    """The process ends here."""


def quiet(_label: str, _unit: str) -> AbstractContextManager[Any]:
    return nullcontext(lambda _total: lambda _more: None)


def migrate(
    settings: Settings,
    to: str,
    catalog: str | None = None,
    data_to: Path | None = None,
    questions: int = 6,
    encoder: ToyEncoder | None = None,
) -> Report:
    """Migrate; nothing may be encoded but questions."""
    given = encoder or ToyEncoder()
    encoded = given.passages_encoded
    try:
        return moving.migrate(places.route(settings, to, catalog, data_to), questions, quiet, given)
    finally:
        assert given.passages_encoded == encoded


def rows(catalog: Catalog) -> dict[str, set[Any]]:
    with catalog.read() as connection:
        return {one.name: set(connection.execute(f"SELECT * FROM {one.name}").fetchall()) for one in TABLES}


def content(settings: Settings) -> tuple[dict[str, set[Any]], dict[Block, bytes], dict[str, int]]:
    """Read all rows, all vectors and the last numbers that were given."""
    with closing(open_catalog(settings)) as catalog:
        found = rows(catalog)
        with catalog.read() as connection:
            places_ = connection.execute("SELECT segment, slot, vectors, vectors_crc FROM passages WHERE vectors > 0")
            blocks = [Block(*place) for place in places_.fetchall()]
            numbers = {one.name: connection.last_number(one.name, one.key[0]) for one in TABLES if one.numbered}
        segments = catalog.segments()
        return found, {block: segments.checked(block).tobytes() for block in blocks}, numbers


def answers(settings: Settings) -> list[str]:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert engine.check() == []
        return [shown(engine.ask(ask(question))) for question in QUESTIONS[:4]]


def web_page(number: int) -> Submission:
    page = f"欢迎访问本站\n第{number}条新闻讲的是{number}号水渠的修建经过。\n版权所有，请勿转载"
    return replace(submission(number), content=page.encode(), id=f"w{number}", url=f"https://a.example/{number}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Settings:
    """A data directory with articles that were replaced and deleted, copies, furniture, a job, two collections."""
    data_dir = tmp_path_factory.mktemp("made") / "data"
    settings = Settings(data_dir=data_dir, cache_dir=cache_dir, model="toy", min_confidence=0.0, min_free_mb=0)
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        list(engine.ingest(map(submission, range(24))))
        list(engine.ingest([submission(number, version=1) for number in range(0, 9, 3)]))
        add(engine, {"first": SEGMENT, "second": SEGMENT, "odd": "第一行\0第二行\uffff。\n荔枝！"})
        list(engine.ingest(map(web_page, range(10)), "others"))
        engine.delete_article("default", "a5")
        engine.delete_article("default", "first")
        add(engine, {"last": "江南的枇杷在五月成熟。"})
        engine.delete_article("default", "last")
        engine.submit([submission(40), submission(41)], "default")
    key_file.add_key(settings.data_dir, make_key("reader", ["ask"])[0])
    return settings


@pytest.fixture
def source(made: Settings, tmp_path: Path) -> Settings:
    """The same, for a test alone."""
    shutil.copytree(made.data_dir, tmp_path / "data")
    return made.model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


def named(settings: Settings, **places_: Any) -> Settings:
    given = {name: SecretStr(value) if isinstance(value, str) else value for name, value in places_.items()}
    return settings.model_copy(update=given)


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


@pytest.mark.parametrize("batch", [0, 14, 30])
def test_a_migration_that_is_killed_goes_on(
    source: Settings, postgres: str, tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, home = named(source, catalog=postgres), source.model_copy(update={"data_dir": tmp_path / "back"})
    wanted = content(source)
    for settings, target, given in (
        (source, there, {"catalog": postgres}),
        (there, home, {"data_to": tmp_path / "back"}),
    ):
        with monkeypatch.context() as patch:
            kill_in(patch, batch)
            with pytest.raises(Killed):
                migrate(settings, "local", **given)  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="unfinished migration"):
            Engine.open(target, ToyEncoder())
        migrate(settings, "local", **given)  # type: ignore[arg-type]
        assert content(target) == wanted


def kill_in(patch: pytest.MonkeyPatch, batch: int) -> None:
    """End the process in a batch, before it is committed; small batches, so that there are many."""
    patch.setattr(copying, "_FIRST", 1)
    put, done = copying.put_mark, 0

    def put_or_die(tx: Any, mark: Mark) -> None:
        nonlocal done
        done += mark.rows > 0
        put(tx, mark)
        if done > batch:
            raise Killed

    patch.setattr(copying, "put_mark", put_or_die)


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
    from qa_service.index.milvus import steps
    from qa_service.index.milvus.client import MilvusServer

    milvus, upsert, done = milvus_server.database(), MilvusServer.upsert, 0
    monkeypatch.setattr(steps, "STEP_PASSAGES", 1)

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


def test_nothing_to_move_is_told(source: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there already"):
        migrate(source, "local")
    with pytest.raises(BadInput, match="--data-to"):
        migrate(source, "milvus://127.0.0.1:1/x", data_to=tmp_path / "x")
    with pytest.raises(BadInput, match="--to"):
        migrate(source, "nowhere")
    with pytest.raises(BadInput, match="--catalog"):
        migrate(source, "local", "mysql://x")


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


def test_passwords_are_in_no_message() -> None:
    told = places.masked("postgresql://me:geheim@db.example/x") + places.masked("postgresql://db/x?password=geheim&a=1")
    assert "geheim" not in told and "me:***@db.example" in told


def test_a_copy_of_vectors_is_equal_to_the_last_bit(source: Settings, postgres: str) -> None:
    migrate(source, "local", postgres, questions=0)
    with closing(open_catalog(source)) as one, closing(open_catalog(named(source, catalog=postgres))) as other:
        with one.read() as connection:
            place = connection.execute("SELECT segment, slot, vectors, vectors_crc FROM passages LIMIT 1").fetchone()
        here, there = (catalog.segments().checked(Block(*place)) for catalog in (one, other))
        assert np.array_equal(here, there)
