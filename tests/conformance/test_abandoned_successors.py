"""What a rebuild with another model has made in Milvus goes when that is given up, and what it replaces when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.backup.making import make
from qa_service.backup.restoring import restore
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.store import directory_use, successor
from qa_service.store.sqlite_catalog import SqliteCatalog
from tests.conformance.articles import ask, submission

pytestmark = pytest.mark.parametrize("place", [("milvus", "sqlite")], ids=["milvus-sqlite"], indirect=True)
ALL = ["a0", "a1", "a2"]


class Killed(BaseException):
    pass


@pytest.fixture
def other(stored: Settings) -> Settings:
    """The settings with another model."""
    return stored.model_copy(update={"model": "toy-64"})


@pytest.fixture
def served(stored: Settings) -> Iterator[Engine]:
    """An engine of a server, over three articles."""
    with closing(Engine.open(stored, ToyEncoder())) as engine:
        list(engine.ingest(map(submission, range(3))))
        use = directory_use.serving(stored.data_dir)
        yield engine
        use.release()


def built(settings: Settings) -> bool:
    def ignored(_total: int) -> Callable[[int], None]:
        return lambda _more: None

    with closing(Engine.open(settings, recover=False, asking=False)) as engine:
        return succession.build(engine, ignored)


def milvus_of(engine: Engine) -> MilvusIndexes:
    assert isinstance(engine.generations, MilvusIndexes)
    return engine.generations


def in_milvus(engine: Engine) -> set[str]:
    """List the catalogues of which Milvus has something."""
    return {name.split("_")[1] for name in milvus_of(engine).server.collections()}


def found(engine: Engine) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号")).passages)


def test_an_erasure_removes_what_was_offered_and_never_taken(served: Engine, other: Settings) -> None:
    mine = milvus_of(served).identity
    assert not built(other)
    assert len(in_milvus(served)) == 2
    served.recover()
    assert len(in_milvus(served)) == 2, "it may still be taken over"
    served.compact_everything(erase=True)
    assert in_milvus(served) == {mine}
    assert found(served) == ALL


def test_a_rebuild_with_other_settings_leaves_nothing_of_the_one_before(served: Engine, other: Settings) -> None:
    mine = milvus_of(served).identity
    assert not built(other)
    first = in_milvus(served) - {mine}
    assert not built(other.model_copy(update={"repair": not other.repair}))
    [second] = in_milvus(served) - {mine} - first
    served.recover()
    assert in_milvus(served) == {mine, second}
    with closing(succession.take_over(served)) as engine:
        assert found(engine) == ALL
        assert in_milvus(engine) == {mine, second}
        engine.recover()
        assert in_milvus(engine) == {second}


def test_a_death_just_before_the_takeover_leaves_what_is_in_use(
    served: Engine, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = milvus_of(served).identity
    assert not built(other)

    def die(_data_dir: Path) -> None:
        raise Killed

    for _ in range(2):  # the second opens what the first has left
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(successor, "put_in_charge", die)
            succession.take_over(served)
        assert mine in in_milvus(served)
        assert found(served) == ALL


def test_a_death_just_after_the_takeover_loses_nothing_of_what_is_to_be_removed(
    stored: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Engine.open(stored, ToyEncoder())) as engine:
        list(engine.ingest(map(submission, range(3))))
        mine = milvus_of(engine).identity

    def die(_catalog: SqliteCatalog) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(SqliteCatalog, "seal", die)
        built(other)
    with closing(Engine.open(other)) as engine:
        assert found(engine) == ALL
        assert in_milvus(engine) == {milvus_of(engine).identity}
        assert milvus_of(engine).identity != mine


def test_a_restore_removes_what_was_offered(stored: Settings, other: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    with closing(Engine.open(stored, ToyEncoder())) as engine:
        list(engine.ingest(map(submission, range(3))))
        use = directory_use.serving(stored.data_dir)
        assert not built(other)
        use.release()
    make(stored.data_dir, kept, indexes=False, advance=lambda _done, _total: None)
    restore(kept, stored.data_dir, replace=True, keep_keys=False, advance=lambda _done, _total: None)
    with closing(Engine.open(stored, ToyEncoder())) as engine:
        assert found(engine) == ALL
        assert in_milvus(engine) == {milvus_of(engine).identity}
