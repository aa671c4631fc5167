"""Filters over a collection that changes, with copies, and asked by several at once."""

from __future__ import annotations

import threading

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.filters.parsing import parse_filter
from qa_service.index import attribute_table, folding
from qa_service.retrieval import ranking
from qa_service.retrieval.admission import Admission
from qa_service.store import collections
from qa_service.types import Ask
from tests.unit.filtering import QUESTION, ask, eq, ids, junction, put, store

STORY = (
    "青河公园管理处昨天宣布，公园从三月一日起延长开放时间。每天早上六点开门，晚上十点关门。"
    "管理处主任张伟说，延长开放是为了方便附近居民锻炼。公园里不许放风筝，也不许遛狗。儿童票价是五元，老人免费入园。"
)


@pytest.mark.parametrize("few", [0, 500])
def test_copies_are_grouped_after_filters(engine: Engine, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(ranking, "FEW_ADMITTED", few)
    for name, site in [("a", "east"), ("b", "west"), ("c", "west"), ("d", "north")]:
        put(engine, name, STORY, metadata={"site": site})
    put(engine, "other", store(1), metadata={"site": "west"})
    whole = engine.ask(Ask(QUESTION, top_k=50)).passages
    assert whole[0].article_id == "a"
    assert [copy.article_id for copy in whole[0].also_in] == ["b", "c", "d"]
    west = ask(engine, eq("site", "west"))
    assert [passage.article_id for passage in west] == ["b", "other"]
    assert [copy.article_id for copy in west[0].also_in] == ["c"]
    [north, *rest] = ask(engine, {"type": "nin", "key": "site", "value": ["east", "west"]})
    assert (north.article_id, north.also_in, rest) == ("d", (), [])


def test_a_filter_sees_every_change(engine: Engine) -> None:
    north, missing = eq("area", "north"), {"type": "empty", "key": "area"}
    put(engine, "a1", store(1), metadata={"area": "north"})
    assert (ids(engine, north), ids(engine, missing)) == ({"a1"}, set())
    put(engine, "a2", store(2), metadata={"area": "north"})
    put(engine, "a3", store(3))
    assert (ids(engine, north), ids(engine, missing)) == ({"a1", "a2"}, {"a3"})
    put(engine, "a1", store(1), metadata={"area": "south"})
    assert (ids(engine, north), ids(engine, eq("area", "south"))) == ({"a2"}, {"a1"})
    engine.delete_article("default", "a2")
    assert ids(engine, north) == set()
    put(engine, "a3", store(3), metadata={"area": ["north"]})
    assert (ids(engine, north), ids(engine, missing)) == ({"a3"}, set())


def test_a_filter_sees_what_another_process_wrote(engine: Engine, settings: Settings) -> None:
    put(engine, "a1", store(1), metadata={"area": "north"})
    assert ids(engine, eq("area", "north")) == {"a1"}
    writer = Engine.open(settings, ToyEncoder())
    put(writer, "a2", store(2), metadata={"area": "north"})
    put(writer, "a1", store(1), metadata={"area": "south"})
    writer.close()
    engine.opened.refresh("default")
    assert ids(engine, eq("area", "north")) == {"a2"}


def test_tables_are_read_anew_once_most_of_them_is_gone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_table, "_SPARE_ROWS", 2)
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 10)
    for version in range(12):
        put(engine, "a1", store(version), metadata={"version": version})
        put(engine, f"b{version % 3}", store(100 + version), metadata={"version": version})
        assert ids(engine, eq("version", version)) == {"a1", f"b{version % 3}"}
    assert ids(engine, {"type": "gte", "key": "version", "value": 10}) == {"a1", "b1", "b2"}
    table = engine._searcher._admission._tables
    assert all(len(one._contents.rows) < 20 for one in table.values())


def test_a_collection_made_again_has_no_old_articles(engine: Engine) -> None:
    put(engine, "a1", store(1), metadata={"area": "north"})
    assert ids(engine, eq("area", "north")) == {"a1"}
    engine.delete_collection("default")
    assert ids(engine, eq("area", "north")) == set()
    put(engine, "a2", store(2), metadata={"area": "north"})
    assert ids(engine, eq("area", "north")) == {"a2"}


def test_an_older_view_leaves_no_holes(engine: Engine) -> None:
    """A reader that began before a write must not keep the columns it loads from showing what was written."""
    put(engine, "a1", store(1), metadata={"area": "north", "kind": "x"})
    shared = Admission()
    before = engine.opened.snapshot("default")
    north, kind = parse_filter(eq("area", "north")), parse_filter(eq("kind", "x"))

    def write_and_ask() -> None:
        put(engine, "a2", store(2), metadata={"area": "north", "kind": "x"})
        with engine.catalog.read() as connection:
            collection = collections.get(connection, "default")
            found = shared.admitted(connection, collection, engine.opened.snapshot("default"), north)
            assert found is not None and len(found.keys) == 2
            done.append(True)

    done: list[bool] = []
    with engine.catalog.read() as connection:
        older = collections.get(connection, "default")
        thread = threading.Thread(target=write_and_ask)
        thread.start()
        thread.join()
        assert done
        found = shared.admitted(connection, older, before, kind)
        assert found is not None and len(found.keys) == 1
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
        found = shared.admitted(connection, collection, engine.opened.snapshot("default"), kind)
        assert found is not None and len(found.keys) == 2


@pytest.mark.parametrize("forget", [False, True])
def test_explain_from_an_older_view_than_the_table_s(engine: Engine, forget: bool) -> None:
    """A column may have more articles than a reader counts, or fewer than the table."""
    put(engine, "a0", store(0), metadata={"area": "north"})
    put(engine, "a1", store(1), metadata={"area": "south"})
    shared = Admission()
    before = engine.opened.snapshot("default")
    tree = parse_filter(junction("or", eq("area", "north"), eq("kind", "x"), eq("absent", 1)))
    done: list[dict[str, object]] = []

    def write_and_account() -> None:
        put(engine, "a2", store(2), metadata={"kind": "x"})
        with engine.catalog.read() as connection:
            collection = collections.get(connection, "default")
            done.append(shared.account(connection, collection, engine.opened.snapshot("default"), tree))
        if forget:
            [table] = shared._tables.values()
            table.forget(0)

    with engine.catalog.read() as connection:
        older = collections.get(connection, "default")
        thread = threading.Thread(target=write_and_account)
        thread.start()
        thread.join()
        assert done == [{"articles": 3, "admitted": 2, "unknown_keys": ["absent"]}]
        found = shared.account(connection, older, before, tree)
        assert found == {"articles": 2, "admitted": 1, "unknown_keys": ["kind", "absent"]}


def test_many_threads_with_filters_while_articles_come(engine: Engine) -> None:
    put(engine, "a0", store(0), metadata={"n": 0, "even": True})
    wrong: list[object] = []
    stop = threading.Event()

    def reader(even: bool) -> None:
        while not stop.is_set():
            found = ask(engine, eq("even", even), "第几号仓库?")
            wrong.extend(one for one in found if (one.metadata["n"] % 2 == 0) != even)  # type: ignore[operator]

    threads = [threading.Thread(target=reader, args=(even,)) for even in (True, False, True)]
    for thread in threads:
        thread.start()
    for n in range(1, 25):
        put(engine, f"a{n % 12}", store(n), metadata={"n": n, "even": n % 2 == 0})
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert ids(engine, eq("even", True)) | ids(engine, eq("even", False)) == {f"a{n}" for n in range(12)}
