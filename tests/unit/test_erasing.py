"""`compact --erase`: the bytes of what was deleted are in no file any more, and nothing else has changed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service import erasing
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.index import dense
from qa_service.store import moves, segment_files, segments, successor
from qa_service.store.catalog import Catalog
from qa_service.types import Ask
from tests.conftest import add
from tests.unit.test_generations import question, text
from tests.unit.test_mending import compact

SECRET = "秘密的配方是七份硝石。管理员的暗号叫做青冈木。"
WORD = "青冈木"


def vectors_of(engine: Engine, article_id: str) -> list[bytes]:
    """Give the bytes of each vector of an article."""
    with engine.catalog.read() as connection:
        rows = connection.execute(
            "SELECT p.segment, p.slot, p.vectors, p.vectors_crc FROM passages p JOIN articles a ON a.row = p.article"
            " WHERE a.id = ? AND p.deleted_seq IS NULL",
            (article_id,),
        ).fetchall()
    found = [np.array(vector) for row in rows for vector in engine.segments.read(segments.Block(*row))]
    return [vector.tobytes() for vector in found]


def holding(data: Path, wanted: list[bytes]) -> set[str]:
    """Name the files of a directory that hold any of some bytes."""
    return {path.name for path in data.rglob("*") if path.is_file() and any(one in path.read_bytes() for one in wanted)}


def shown(engine: Engine, number: int = 1) -> dict[str, str]:
    return {p.article_id: p.text for p in engine.ask(Ask(question(number), top_k=50)).passages}


@pytest.mark.parametrize("exact", [1000, 8])
def test_nothing_of_a_deleted_article_is_in_any_file(
    settings: Settings, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "EXACT_VECTORS", exact)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {**{f"a{n}": text(n) for n in range(30)}, "secret": SECRET, "old": f"从前的话。{SECRET}"})
    vectors = vectors_of(engine, "secret") + vectors_of(engine, "old")
    assert len(vectors) >= 5
    kept = vectors_of(engine, "a5")
    parts = [SECRET[:12].encode(), SECRET[-12:].encode(), WORD.encode()]
    compact(engine)
    engine.delete_article("default", "secret")
    add(engine, {"old": "现在的话。"})
    before = shown(engine)
    compact(engine)
    assert any(name.startswith("catalog.sqlite3") for name in holding(settings.data_dir, parts))
    assert "segment-000001.vec" in holding(settings.data_dir, vectors)
    encoded = engine.encoder.passages_encoded  # type: ignore[attr-defined]
    engine.compact_everything(erase=True)
    assert holding(settings.data_dir, parts) == set()
    assert holding(settings.data_dir, vectors) == set()
    assert holding(settings.data_dir, kept) != set()
    assert shown(engine) == before
    assert engine.check() == []
    assert engine.encoder.passages_encoded == encoded  # type: ignore[attr-defined]
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert shown(engine) == before
    engine.close()


def test_what_a_server_has_open_it_goes_on_reading(settings: Settings) -> None:
    server, other = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    add(other, {**{f"a{n}": text(n) for n in range(30)}, "secret": SECRET})
    compact(other)
    server.opened.refresh("default")
    before = {n: shown(server, n) for n in range(5)}
    other.delete_article("default", "secret")
    other.compact_everything(erase=True)
    # It has not followed yet: its base looks for vectors in a segment that has no name any more.
    assert {n: set(shown(server, n)) for n in range(5)} == {n: set(found) - {"secret"} for n, found in before.items()}
    server.opened.refresh("default")
    assert {n: set(shown(server, n)) for n in range(5)} == {n: set(found) - {"secret"} for n, found in before.items()}
    other.close()
    server.close()


def test_a_removed_segment_is_let_go_after_a_while(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    compact(engine)
    engine.delete_article("default", "a3")
    before = shown(engine)
    engine.compact_everything(erase=True)
    assert 1 in engine.segments._maps
    engine.generations.let_go()
    assert 1 in engine.segments._maps
    monkeypatch.setattr(segment_files, "_HELD_S", 0.0)
    engine.generations.let_go()
    assert list(engine.segments._maps) == [2]
    assert shown(engine) == before
    engine.close()


def test_it_goes_on_where_it_was_cut_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_AT_ONCE", 4)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {**{f"a{n}": text(n) for n in range(30)}, "secret": SECRET})
    vectors = vectors_of(engine, "secret")
    engine.delete_article("default", "secret")
    before, placed = shown(engine), moves._place
    calls: list[int] = []

    def cut_off(*given: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        placed(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(moves, "_place", cut_off)
        with pytest.raises(KeyboardInterrupt):
            engine.compact_everything(erase=True)
    assert engine.check() == []
    assert shown(engine) == before
    engine.compact_everything(erase=True)
    assert holding(settings.data_dir, vectors) == set()
    assert engine.check() == []
    assert shown(engine) == before
    engine.close()


def test_a_number_of_a_segment_is_never_used_twice(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    numbers = set()
    for turn in range(3):
        add(engine, {"a": text(turn)})
        with engine.catalog.read() as connection:
            [(number,)] = connection.execute("SELECT DISTINCT segment FROM passages WHERE deleted_seq IS NULL")
        assert number not in numbers
        numbers.add(number)
        engine.delete_article("default", "a")
        engine.compact_everything(erase=True)
        assert engine.check() == []
        assert len(list((settings.data_dir / "vectors").iterdir())) == 1
    engine.close()


def test_others_write_meanwhile(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_AT_ONCE", 2)
    engine, other = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(30)})
    engine.delete_article("default", "a7")

    def write() -> None:
        for n in range(6):
            # Some of it is encoded already, in the segment that is being left.
            add(other, {f"b{n}": text(n + 28), f"c{n}": text(n)})
            other.delete_article("default", f"a{n + 10}")

    writer = threading.Thread(target=write)
    writer.start()
    engine.compact_everything(erase=True)
    writer.join()
    engine.opened.refresh("default")
    live = {f"a{n}" for n in range(30)} - {"a7", *(f"a{n + 10}" for n in range(6))}
    live |= {f"{kind}{n}" for kind in "bc" for n in range(6)}
    assert {one.id for one in engine.articles("default").articles} == live
    assert engine.check() == []
    engine.close()
    other.close()


def test_without_erase_little_is_written(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    engine.delete_article("default", "a1")
    engine.compact_everything(erase=False)
    assert [path.name for path in (settings.data_dir / "vectors").iterdir()] == ["segment-000001.vec"]
    for n in range(2, 8):
        engine.delete_article("default", f"a{n}")
    engine.compact_everything(erase=False)
    assert [path.name for path in (settings.data_dir / "vectors").iterdir()] == ["segment-000002.vec"]
    assert set(shown(engine)) == {"a0", "a8", "a9"}
    assert engine.check() == []
    engine.close()


def handing_in_again(engine: Engine, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have somebody hand in a deleted text whenever its segment was just left, so often."""
    real, calls = moves.leave, []

    def leave(catalog: Catalog, found: segments.Segments, dirty: Sequence[moves.Usage]) -> None:
        real(catalog, found, dirty)
        calls.append(1)
        if len(calls) <= times:
            add(engine, {f"again{len(calls)}": text(50 + len(calls))})

    monkeypatch.setattr(moves, "leave", leave)


def test_what_is_handed_in_again_meanwhile_keeps_nothing_of_the_deleted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {**{f"a{n}": text(n) for n in range(5)}, "secret": SECRET, "menu1": text(51), "menu2": text(52)})
    vectors = vectors_of(engine, "secret")
    for gone in ("secret", "menu1", "menu2"):
        engine.delete_article("default", gone)
    handing_in_again(engine, monkeypatch, times=1)
    engine.compact_everything(erase=True)
    assert holding(settings.data_dir, vectors) == set()
    assert "again1" in shown(engine, 51)
    assert engine.check() == []
    engine.close()


def test_an_erasure_that_could_not_erase_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "ATTEMPTS", 1)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {**{f"a{n}": text(n) for n in range(5)}, "secret": SECRET, "menu": text(51)})
    vectors = vectors_of(engine, "secret")
    engine.delete_article("default", "secret")
    engine.delete_article("default", "menu")
    handing_in_again(engine, monkeypatch, times=1)
    with pytest.raises(Unavailable, match=r"segment-000001\.vec: vectors of what was deleted are still there.*again"):
        engine.compact_everything(erase=True)
    assert holding(settings.data_dir, vectors) == {"segment-000001.vec"}
    engine.compact_everything(erase=True)
    assert holding(settings.data_dir, vectors) == set()
    assert engine.check() == []
    engine.close()


def test_segments_that_another_process_has_removed_are_left_already(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(5)})
    before = shown(engine)
    gone = [moves.Usage(99, "a model of before", 8, records=5, live=0)]
    moves.leave(engine.catalog, engine.segments, gone)
    assert moves.forget_left(engine.catalog, engine.segments, gone) == []
    assert shown(engine) == before
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize("stuck", ["base-", "000002", "successor"])
def test_an_erasure_says_what_it_could_not_remove(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, stuck: str
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {**{f"a{n}": text(n) for n in range(5)}, "secret": SECRET})
    add(engine, {"secret": SECRET}, "another")
    compact(engine)
    engine.delete_article("default", "secret")
    successor.folder(settings.data_dir).mkdir()
    with monkeypatch.context() as patch:
        rmtree = shutil.rmtree
        # As of a directory that is immutable, or another user's.
        patch.setattr(shutil, "rmtree", lambda path, **how: None if stuck in path.name else rmtree(path, **how))
        engine.delete_collection("another")
        with pytest.raises(Unavailable, match=f"{stuck}.*cannot be removed.*belong to the user"):
            engine.compact_everything(erase=True)
    assert any(stuck in path.name for path in settings.data_dir.rglob("*"))
    engine.compact_everything(erase=True)
    assert not any(path.name in ("000002", "successor") for path in settings.data_dir.rglob("*"))
    assert holding(settings.data_dir, [SECRET[:12].encode()]) == set()
    assert engine.check() == []
    engine.close()
