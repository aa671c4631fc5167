"""What vectors of replaced articles take up is given back by ordinary compaction, beside readers and after kills."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import erasing
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errand_process import _compact
from qa_service.errands import Order
from qa_service.index import folding
from qa_service.store import moves
from qa_service.store.segment_files import SegmentFiles
from qa_service.types import Ask
from tests.conftest import add
from tests.unit.test_generations import question, text

CHANGES, DEAD = 40, 60
KEPT = {f"a{n}": text(n) for n in range(8)}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compact and give back after few changes."""
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", CHANGES)
    monkeypatch.setattr(erasing, "MOST_DEAD_AT_LEAST", DEAD)
    # Here nothing loses its power, and waiting for disks is most of what a thousand writes take.
    monkeypatch.setattr(os, "fsync", lambda _: None)


def vectors(engine: Engine) -> tuple[int, int]:
    """Tell how many vectors there are in the files, and how many of them live."""
    with engine.catalog.read() as connection:
        used = moves.usage(connection, engine.segments)
    files = {engine.segments.path(one.segment) for one in used}
    assert set((engine.settings.data_dir / "vectors").iterdir()) == files
    on_disk = sum((path.stat().st_size - 64) // (4 * used[0].dim) for path in files)
    assert on_disk == sum(one.records for one in used)
    return on_disk, sum(one.live for one in used)


def replaced(engine: Engine, versions: range) -> None:
    """Replace one article by each of its versions in turn."""
    for version in versions:
        add(engine, {"x": text(99, version)})


def shown(engine: Engine) -> dict[str, str]:
    return {p.article_id: p.text for p in engine.ask(Ask(question(99), top_k=50)).passages}


def test_the_disk_that_vectors_take_is_bounded_by_what_lives(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, KEPT)
    most, numbers = 0, set()
    for version in range(1000):
        replaced(engine, range(version, version + 1))
        total, live = vectors(engine)
        most = max(most, total - live)
        numbers.add(tuple(sorted(path.name for path in (settings.data_dir / "vectors").iterdir())))
    each = live / (len(KEPT) + 1)
    # Half of the live ones' segments, what is put up with, and what was replaced since the last compaction.
    assert most <= live + DEAD + CHANGES * each
    assert len(numbers) > 10
    assert shown(engine) == {**KEPT, "x": text(99, 999)}
    assert engine.check() == []
    engine.close()


def test_readers_are_not_disturbed(settings: Settings) -> None:
    engines = [Engine.open(settings, ToyEncoder()) for _ in range(3)]
    writer, reader, late = engines
    add(writer, KEPT)
    replaced(writer, range(1))
    late.opened.refresh("default")
    wrong: list[object] = []
    done, asked = threading.Event(), 0

    def ask(engine: Engine, follow: Callable[[], None]) -> None:
        nonlocal asked
        while not done.is_set():
            try:
                follow()
                found = shown(engine)
                # Who does not follow finds that the one it knew is gone.
                version = found.pop("x", None if engine is late else "")
                if found != KEPT or not (version or "第99号").startswith("第99号"):
                    wrong.append(found)
                asked += 1
                done.wait(0.05)
            except Exception as error:
                wrong.append(error)

    threads = [
        threading.Thread(target=ask, args=given)
        for given in (
            (writer, lambda: None),
            (late, lambda: None),
            (reader, lambda: reader.opened.refresh("default")),
        )
    ]
    for thread in threads:
        thread.start()
    first = {path.name for path in (settings.data_dir / "vectors").iterdir()}
    replaced(writer, range(1, 150))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert asked > 0
    assert first.isdisjoint(path.name for path in (settings.data_dir / "vectors").iterdir())
    for engine in engines:
        engine.close()


class Cut(BaseException):
    """What a kill is to the code that runs."""


STEPS = {
    "while vectors are moved": (moves, "_place"),
    "before a new base": (folding, "compact"),
    "before older ones are removed": (folding, "remove_superseded"),
    "before segments are forgotten": (SegmentFiles, "forget"),
    "before their files are removed": (SegmentFiles, "remove_unknown"),
}


@pytest.mark.parametrize("step", STEPS)
def test_it_may_be_cut_off_anywhere(settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(moves, "_AT_ONCE", 3)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, KEPT)
    add(engine, {"other": text(50)}, "another")
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 10_000)
    replaced(engine, range(DEAD))
    place, name = STEPS[step]
    done, calls = getattr(place, name), []

    def cut(*given: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 2 or step != "while vectors are moved":
            raise Cut
        return done(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, cut)
        with pytest.raises(Cut):
            erasing.reclaim(engine.catalog, engine.segments, engine.generations)
    expected = {**KEPT, "x": text(99, DEAD - 1)}
    assert shown(engine) == expected
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert engine.check() == []
    assert shown(engine) == expected
    add(engine, {"y": text(70)})
    again = erasing.reclaim(engine.catalog, engine.segments, engine.generations)
    assert again is (step != "before their files are removed")
    engine.opened.follow_all()
    total, live = vectors(engine)
    assert total == live
    assert engine.check() == []
    assert shown(engine) == {**expected, "y": text(70)}
    assert [one.text for one in engine.ask(Ask(question(50), "another")).passages] == [text(50)]
    engine.close()


def test_little_that_is_dead_is_left_where_it_is(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    replaced(engine, range(DEAD // 4))
    before = {path: path.read_bytes() for path in every_file(settings.data_dir)}
    assert not erasing.reclaim(engine.catalog, engine.segments, engine.generations)
    assert {path: path.read_bytes() for path in every_file(settings.data_dir)} == before
    engine.close()


def every_file(data: Path) -> list[Path]:
    return [path for path in data.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))]


def test_much_that_lives_allows_for_more_that_is_dead(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 10_000)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"b{n}": text(n) for n in range(400)})
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        [(fingerprint, dim, _)] = engine.segments.committed(tx.connection).values()
        engine.segments.start(tx, fingerprint, dim)
    replaced(engine, range(60))
    assert not erasing.reclaim(engine.catalog, engine.segments, engine.generations)
    replaced(engine, range(60, 120))
    assert erasing.reclaim(engine.catalog, engine.segments, engine.generations)
    engine.close()


def test_the_process_that_compacts_for_a_server_gives_back_too(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, KEPT)
    engine.taking_in._compact_soon = lambda _: None
    replaced(engine, range(DEAD))
    before, live = vectors(engine)
    assert before > 2 * live
    _compact(Order("compaction", settings, engine.generations.versions, engine.catalog.root, "default"), "default")
    assert vectors(engine) == (live, live)
    engine.opened.refresh("default")
    assert shown(engine) == {**KEPT, "x": text(99, DEAD - 1)}
    engine.close()
