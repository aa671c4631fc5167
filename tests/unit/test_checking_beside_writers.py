"""`check` finds nothing wrong in a directory only because others write it, publish and remove files meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import erasing
from qa_service.checking import indexes
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import base as base_index
from qa_service.store.segment_files import SegmentFiles
from qa_service.store.sqlite_catalog import SqliteCatalog
from tests.conftest import add
from tests.unit.test_generations import text
from tests.unit.test_mending import base_root, compact, harm


def replaced(engine: Engine, times: int) -> None:
    for version in range(times):
        add(engine, {"x": text(99, version)})


WRITES: dict[str, Callable[[Engine], object]] = {
    "an article": lambda engine: add(engine, {"new": text(50)}),
    "another version": lambda engine: add(engine, {"a1": text(1, 7)}),
    "a deletion": lambda engine: engine.delete_article("default", "a2"),
    "a compaction": compact,
    "many": lambda engine: replaced(engine, 6),
    "a collection's end": lambda engine: engine.delete_collection("other"),
}


@pytest.fixture
def writer(settings: Settings) -> Iterator[Engine]:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    add(engine, {"b": text(20)}, "other")
    compact(engine)
    yield engine
    engine.close()


@pytest.fixture
def checker(writer: Engine) -> Iterator[Engine]:
    engine = Engine.open(writer.settings, ToyEncoder(), recover=False)
    yield engine
    engine.close()


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Act the first time only."""
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


def once_begun(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> None:
    """Have something done when the first check has looked at the catalogue as a whole."""
    real, act = SqliteCatalog.integrity_problems, once(what)

    def look(catalog: SqliteCatalog) -> list[str]:
        found = real(catalog)
        act()
        return found

    monkeypatch.setattr(SqliteCatalog, "integrity_problems", look)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_after_the_check_began(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch, write: Callable[[Engine], object]
) -> None:
    once_begun(monkeypatch, lambda: write(writer))
    assert checker.check() == []
    assert checker.check() == []


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_while_a_base_is_verified(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch, write: Callable[[Engine], object]
) -> None:
    """Files that go meanwhile belong to what is not published any more."""
    real = base_index.verify

    def replace() -> None:
        write(writer)
        for n in range(4):
            add(writer, {"y": text(80 + n)})
            compact(writer)

    act = once(replace)

    def verify(*given: object) -> list[str]:
        act()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes.base_index, "verify", verify)
    assert checker.check() == []


def test_a_write_that_is_about_to_be_published(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed, go_on = threading.Event(), threading.Event()
    real = writer.generations.publishing.put

    def slow(*given: object) -> object:
        committed.set()
        assert go_on.wait(60)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(writer.generations.publishing, "put", slow)
    thread = threading.Thread(target=add, args=(writer, {"new": text(50)}))
    thread.start()
    assert committed.wait(60)
    waiting = checker.catalog.writer_lock

    @contextmanager
    def lock() -> Iterator[None]:
        go_on.set()
        with waiting():
            yield

    monkeypatch.setattr(checker.catalog, "writer_lock", lock)
    try:
        assert checker.check() == []
    finally:
        go_on.set()
        thread.join()


def test_segments_that_are_given_back_meanwhile(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(writer, 30)
    before = set((writer.settings.data_dir / "vectors").iterdir())
    once_begun(
        monkeypatch,
        lambda: erasing.compact_everything(writer.catalog, writer.segments, writer.generations, erase=False),
    )
    assert checker.check() == []
    assert before - set((writer.settings.data_dir / "vectors").iterdir())


def test_a_segment_that_goes_just_when_the_check_begins(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(writer, 30)
    real = SegmentFiles.hold
    act = once(lambda: erasing.compact_everything(writer.catalog, writer.segments, writer.generations, erase=False))

    def hold(self: SegmentFiles, numbers: object) -> None:
        if self is checker.segments:
            act()
        real(self, numbers)  # type: ignore[arg-type]

    monkeypatch.setattr(SegmentFiles, "hold", hold)
    assert checker.check() == []


def test_damage_is_told_though_others_write_all_the_while(
    writer: Engine, checker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = writer.generations.manifest(1)
    assert manifest is not None and manifest.base is not None
    harm(base_root(writer, manifest) / manifest.base.files[0].name)
    real, numbers = base_index.verify, iter(range(1000))

    def verify(*given: object) -> list[str]:
        add(writer, {"y": text(100 + next(numbers))})
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes.base_index, "verify", verify)
    assert any("fails its checksum" in problem for problem in checker.check())


def test_a_write_that_nobody_publishes_is_told(writer: Engine, checker: Engine, tmp_path: Path) -> None:
    with writer.catalog.writer_lock(), writer.catalog.write() as tx:
        tx.connection.execute("UPDATE collections SET seq = ? WHERE name = 'default'", (tx.seq,))
    [problem] = checker.check()
    assert "collection default" in problem and "not published" in problem
