"""What filters keep in memory: read once, counted, and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from qa_service.engine import Engine
from qa_service.filters import paths
from qa_service.filters.parsing import parse_filter
from qa_service.index import attribute_table, column_cache, remembered
from qa_service.index.admitted import Admitted
from qa_service.retrieval import admission
from qa_service.store import attributes
from qa_service.types import Ask
from tests.conftest import article
from tests.unit.filtering import eq, ids, junction, put, store


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts for each pass over the metadata the articles it reads."""
    reads: list[int] = []
    read = attributes.documents

    def counted(connection: Any, rows: Sequence[int], *given: Any) -> Any:
        reads.append(len(rows))
        return read(connection, rows, *given)

    monkeypatch.setattr(attributes, "documents", counted)
    return reads


def held_table(engine: Engine) -> attribute_table.AttributeTable:
    [table] = engine._searcher._admission._tables.values()
    return table


def test_the_same_filter_is_evaluated_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine, "a1", store(1), metadata={"area": "north"})
    calls: list[object] = []
    evaluate = attribute_table.AttributeTable._evaluate

    def counted(self: Any, *given: Any) -> Any:
        calls.append(given)
        return evaluate(self, *given)

    monkeypatch.setattr(attribute_table.AttributeTable, "_evaluate", counted)
    for _ in range(3):
        assert ids(engine, eq("area", "north")) == {"a1"}
    assert len(calls) == 1
    put(engine, "a2", store(2), metadata={"area": "north"})
    assert ids(engine, eq("area", "north")) == {"a1", "a2"}
    assert len(calls) == 2


def test_memory_stays_within_bounds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_TABLES", 2)
    monkeypatch.setattr(remembered, "MAX_FILTERS", 3)
    for n in range(4):
        list(engine.ingest([article("a", store(n), metadata={f"k{m}": "x" * 1000 for m in range(8)})], f"c{n}"))
    held = engine._searcher._admission
    for n in range(4):
        for m in range(8):
            tree = parse_filter(eq(f"k{m}", "x" * 1000))
            assert len(engine.ask(Ask("仓库", collection=f"c{n}", filters=tree)).passages) == 1
    assert len(held._tables) == 2
    assert all(len(table._remembered) == 3 and len(table._columns) == 8 for table in held._tables.values())
    monkeypatch.setattr(admission, "MAX_BYTES", 6000)
    for _ in range(2):
        tree = parse_filter({"type": "and", "filters": [eq(f"k{m}", "x" * 1000) for m in range(8)]})
        assert len(engine.ask(Ask("仓库", collection="c3", filters=tree)).passages) == 1
    [table] = held._tables.values()
    assert 0 < len(table._columns) < 4 and table.bytes <= 6000


def test_one_pass_reads_all_keys_of_a_filter_and_learns_which_there_are(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        put(engine, f"a{n}", store(n), metadata={"n": n, "by": {"name": f"x{n}"}}, title="t")
    reads = count_reads(monkeypatch)
    assert ids(engine, junction("or", eq("n", 0), eq("by.name", "x1"), eq("title", "u"), eq("absent", 1))) == {
        "a0",
        "a1",
    }
    assert reads == [3]
    for n in range(100):
        assert ids(engine, eq(f"absent{n}.x", 1)) == set()
        assert ids(engine, {"type": "empty", "key": f"by.absent{n}"}) == {"a0", "a1", "a2"}
    assert reads == [3]
    assert len(held_table(engine)._columns) == 3
    put(engine, "a3", store(3), metadata={"absent": 1, "n": 3})
    assert ids(engine, eq("n", 3)) == {"a3"}
    assert ids(engine, eq("absent", 1)) == {"a3"}
    assert ids(engine, junction("and", eq("title", "t"), eq("by.name", "x2"))) == {"a2"}
    # The new article for the old columns, all for the one that is new, the new one for the last two.
    assert reads == [3, 1, 4, 1]


def test_columns_are_counted_and_kept_to_a_number(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_cache, "MAX_COLUMNS", 5)
    put(engine, "a", store(1), metadata={f"k{n}": n for n in range(12)})
    for n in range(12):
        assert ids(engine, eq(f"k{n}", n)) == {"a"}
    for n in (9, 3):
        assert ids(engine, {"type": "lte", "key": f"k{n}", "value": n}) == {"a"}
    cache = held_table(engine)._columns
    assert [key.name for key in cache._columns] == ["k8", "k10", "k11", "k9", "k3"]
    assert cache._held == sum(column.bytes for column in cache._columns.values()) > 5 * 1024
    # A filter of more keys than are kept is evaluated all the same.
    assert ids(engine, junction("and", *(eq(f"k{n}", n) for n in range(12)))) == {"a"}
    assert len(cache) == 5
    held_table(engine).forget(0)
    assert (len(cache), cache._held) == (0, 0)


def test_keys_without_number_are_found_and_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_NAMES_BYTES", 2000)
    monkeypatch.setattr(column_cache, "MAX_COLUMNS", 5)
    put(engine, "a", store(1), metadata={f"k{n}": n for n in range(100)})
    put(engine, "b", store(2), metadata={"k7": 7})
    for n in (7, 50, 99):
        assert ids(engine, eq(f"k{n}", n)) == ({"a", "b"} if n == 7 else {"a"})
    for n in range(20):
        assert ids(engine, eq(f"absent{n}", 1)) == set()
    table = held_table(engine)
    assert len(table._columns) == 5 and table._columns._names.bytes == 0


def test_a_pass_that_is_broken_off_leaves_nothing_half_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine, "a", store(1), metadata={"n": 1})
    assert ids(engine, eq("n", 1)) == {"a"}
    put(engine, "b", store(2), metadata={"n": 1, "m": 1})
    with monkeypatch.context() as patch:

        def broken(*given: Any) -> Any:
            yield next(iter(read(*given)))
            raise OSError("broken off")

        read = attributes.documents
        patch.setattr(attributes, "documents", broken)
        with pytest.raises(OSError, match="broken off"):
            ids(engine, junction("or", eq("n", 1), eq("m", 1)))
    assert ids(engine, eq("n", 1)) == {"a", "b"}
    assert ids(engine, eq("m", 1)) == {"b"}


def test_large_filters_are_not_remembered_and_others_counted(engine: Engine) -> None:
    put(engine, "a", store(1), metadata={"n": "x0"})
    for n in range(5):
        assert ids(engine, {"type": "in", "key": "n", "value": [f"x{m}" for m in range(n, 1000 + n)]}) == (
            {"a"} if n == 0 else set()
        )
    table = held_table(engine)
    assert (len(table._remembered), table._remembered.bytes) == (0, 0)
    before = table.bytes
    assert ids(engine, {"type": "in", "key": "n", "value": ["x0", *(str(m) * 1000 for m in range(150, 180))]}) == {"a"}
    assert len(table._remembered) == 1 and table.bytes - before > 30 * 3000
    assert ids(engine, eq("n", "x" * 4000)) == set()
    found = [size for _, _, size in table._remembered._found.values()]
    assert table._remembered.bytes == sum(found)
    put(engine, "b", store(2))
    assert ids(engine, {"type": "empty", "key": "n"}) == {"b"}
    assert len(table._remembered) == 1 and table._remembered.bytes < 2000


def test_what_is_remembered_stays_within_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MAX_BYTES", 10_000)
    held: remembered.Remembered[str] = remembered.Remembered()
    found = Admitted(np.arange(3), 3)
    trees = [parse_filter(eq("k", f"{n}" + "x" * 2000)) for n in range(9)]
    for tree in (*trees, trees[-1]):
        held.put(tree, "v", found)
        assert held.get(tree, "v") is found
    assert 1 < len(held) < 5 and 2000 * len(held) < held.bytes <= 10_000
    assert held.get(trees[-1], "w") is None and held.get(trees[0], "v") is None
    held.put(trees[-1], "v", Admitted(np.arange(2000), 2000))
    assert held.get(trees[-1], "v") is None
