"""What Milvus loses, what is cut off in it, and what is replaced while a question is under way."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

import pytest

from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.index.milvus.client import MilvusServer
from qa_service.index.milvus.collection import MilvusCollection
from qa_service.index.milvus.indexes import MilvusIndexes
from qa_service.index.milvus.publication import Publication
from qa_service.index.milvus.publishing import MilvusPublishing
from qa_service.index.milvus.schema import KINDS
from qa_service.index.snapshot import Gone
from qa_service.store import publications
from tests.conformance.articles import ask, submission
from tests.conformance.conftest import Opened
from tests.conftest import add

pytestmark = pytest.mark.parametrize("place", [("milvus", "sqlite")], ids=["milvus-sqlite"], indirect=True)


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


def found(engine: Engine, **more: Any) -> list[str]:
    return sorted(one.article_id for one in engine.ask(ask("编号", **more)).passages)


@pytest.fixture
def engine(opened: Opened) -> Engine:
    """Give an engine with four articles."""
    made = opened()
    list(made.ingest(map(submission, range(4))))
    return made


ALL = ["a0", "a1", "a2", "a3"]


def indexes_of(engine: Engine) -> MilvusIndexes:
    assert isinstance(engine.generations, MilvusIndexes)
    return engine.generations


def in_milvus(engine: Engine) -> tuple[MilvusCollection, Publication]:
    indexes = indexes_of(engine)
    published = indexes.current(1)
    assert published is not None
    return indexes.collection(1), published


def test_a_question_under_way_finds_what_is_replaced_and_what_is_rebuilt_meanwhile(engine: Engine) -> None:
    before = engine.opened.snapshot("default")
    add(engine, {"a2": "岭南的荔枝在四月成熟。编号。"})
    then = engine._searcher.ask(ask("编号"), before, 0.0)
    assert sorted(one.article_id for one in then.passages) == ALL
    assert "荔枝" not in "".join(one.text for one in then.passages)
    engine.compact_everything(erase=True)
    with pytest.raises(Gone):
        engine._searcher.ask(ask("编号"), before, 0.0)
    snapshots = [before, engine.opened.snapshot("default")]
    with patch.object(engine.opened, "snapshot", lambda _: snapshots.pop(0)):
        assert found(engine) == ALL


def test_a_collection_that_milvus_lost_keeps_no_other_from_answers_and_is_made_again(engine: Engine) -> None:
    add(engine, {"x": "岭南的荔枝在四月成熟。"}, "others")
    there, published = in_milvus(engine)
    indexes_of(engine).server.drop(there.name("sentences", published.build))
    for _ in range(3):
        with pytest.raises(Unavailable, match="not in Milvus any more"):
            engine.ask(ask("编号"))
        assert found(engine, collection="others") == ["x"]
    assert [one for one in engine.opened.warnings() if "default cannot be asked" in one]
    engine.start_workers()
    for _ in range(600):
        if not engine.opened.warnings():
            break
        time.sleep(0.1)
    engine.retire()
    assert engine.opened.warnings() == []
    assert found(engine) == ALL
    assert engine.check() == []
    assert in_milvus(engine)[1].build > published.build


def test_a_write_to_what_milvus_lost_makes_all_of_it_again(engine: Engine) -> None:
    in_milvus(engine)[0].drop()
    add(engine, {"b": "编号在此。"})
    assert found(engine) == [*ALL, "b"]
    assert engine.check() == []


def test_a_database_that_was_dropped_is_made_again(engine: Engine) -> None:
    from pymilvus import MilvusClient

    server = indexes_of(engine).server
    client = MilvusClient(uri=server.address.uri, dedicated=True)
    inside = MilvusClient(uri=server.address.uri, db_name=server.address.database, dedicated=True)
    in_milvus(engine)[0].drop()
    for name in inside.list_collections():
        inside.drop_collection(name)
    client.drop_database(server.address.database)
    with pytest.raises(Unavailable, match="database is not in Milvus any more"):
        engine.ask(ask("编号"))
    engine.opened.publish_lagging("default")
    assert found(engine) == ALL


def test_lost_sentences_are_noticed_at_the_next_start(engine: Engine, opened: Opened) -> None:
    there, published = in_milvus(engine)
    server = indexes_of(engine).server
    name = there.name("sentences", published.build)
    count = server.count(name)
    server.delete(name, server.keys(name).tolist())
    engine.close()
    again = opened()
    assert indexes_of(again).server.count(name) == count > 0
    assert again.check() == []


def test_what_a_rebuild_left_that_was_cut_off_is_told_and_erased(engine: Engine, opened: Opened) -> None:
    with patch.object(MilvusPublishing, "record", side_effect=Killed), pytest.raises(Killed):
        engine.rebuild()
    there, published = in_milvus(engine)
    assert published.build == 1 and there.builds() == [1, 2]
    engine.close()
    again = opened()
    # It may be under way, as far as a check can see.
    assert again.check() == []
    with again.catalog.writer_lock(), again.catalog.write() as tx:
        assert publications.begin_build(tx, 1, 0) == 3
    assert [one for one in again.check() if "builds [2]" in one]
    again.compact_everything(erase=True)
    assert there.builds() == [4] and again.check() == []
    assert found(again) == ALL


def test_a_rebuild_that_died_after_its_record_is_in_use(engine: Engine, opened: Opened) -> None:
    tidy = MilvusPublishing.tidy

    def die(publishing: MilvusPublishing, there: MilvusCollection, published: Publication, **more: Any) -> Publication:
        if published.retired:
            raise Killed
        return tidy(publishing, there, published, **more)

    with patch.object(MilvusPublishing, "tidy", die), pytest.raises(Killed):
        indexes_of(engine).compact(_collection(engine), anew=True)
    there, published = in_milvus(engine)
    assert published.build == 2 and published.retired == (1,)
    engine.close()
    again = opened()
    assert found(again) == ALL
    add(again, {"b": "编号在此。"})
    assert found(again) == [*ALL, "b"]
    assert there.builds() == [2] and again.check() == []


def test_of_two_rebuilds_the_later_one_stays(engine: Engine) -> None:
    there, _ = in_milvus(engine)
    write, inner = MilvusCollection.write, []

    def overtaken(*given: Any) -> dict[str, int]:
        if not inner:
            inner.append(True)
            indexes_of(engine).compact(_collection(engine), anew=True)
        return write(*given)

    with patch.object(MilvusCollection, "write", overtaken), pytest.raises(Unavailable, match="has begun meanwhile"):
        indexes_of(engine).compact(_collection(engine), anew=True)
    assert there.builds() == [3] == [in_milvus(engine)[1].build]
    assert found(engine) == ALL and engine.check() == []


def test_first_publications_that_fail_leave_one_build_at_most(opened: Opened) -> None:
    engine = opened()
    for number in range(3):
        with patch.object(MilvusServer, "upsert", side_effect=Unavailable("no")), pytest.raises(Unavailable):
            list(engine.ingest([submission(number)]))
    there = indexes_of(engine).collection(1)
    assert len(there.builds()) == 1
    list(engine.ingest([submission(3)]))
    assert len(there.builds()) == 1
    # The others were refused before anything of them was kept, since what was kept before could not be published.
    assert found(engine) == ["a0", "a3"]


def test_a_record_that_cannot_be_read_is_made_anew_by_a_rebuild(engine: Engine) -> None:
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        tx.connection.execute("UPDATE publications SET record = 'x', stamp = 'y'")
    engine.rebuild()
    assert found(engine) == ALL
    assert engine.check() == []


def test_what_was_begun_of_a_deleted_collection_goes_too(engine: Engine) -> None:
    with patch.object(MilvusServer, "upsert", side_effect=Unavailable("no")), pytest.raises(Unavailable):
        add(engine, {"x": "岭南的荔枝在四月成熟。"}, "others")
    server = indexes_of(engine).server
    with patch.object(MilvusServer, "drop_all", side_effect=Unavailable("no")):
        engine.delete_collection("others")
    assert len(server.collections()) == 2 * len(KINDS)
    engine.recover()
    assert len(server.collections()) == len(KINDS)


def _collection(engine: Engine) -> Any:
    from qa_service.store import collections

    with engine.catalog.read() as connection:
        return collections.get(connection, "default")
