"""A damaged index file is not served: the last good base and a replay are; nothing comes back, nothing is missing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import background
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import base as base_index
from qa_service.index import dense, folding, verifying
from qa_service.index.manifest import Manifest
from qa_service.index.verifying import Verifying
from qa_service.store import collections
from qa_service.types import Ask
from tests.conftest import add
from tests.unit.test_generations import question, text, wait_until

pytestmark = pytest.mark.both_catalogues


def compact(engine: Engine, *, anew: bool = False) -> Manifest:
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    manifest = folding.compact(engine.generations, collection, force=True, anew=anew)
    assert manifest is not None
    engine.opened.follow("default")
    return manifest


def shown(engine: Engine) -> set[str]:
    return {p.article_id for p in engine.ask(Ask(question(1), top_k=50)).passages}


def harm(path: Path, place: int = -5) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


def base_root(engine: Engine, manifest: Manifest) -> Path:
    assert manifest.base is not None
    return engine.generations.directory(manifest.collection).root / manifest.base.directory


def two_bases(engine: Engine) -> Manifest:
    """Make two bases: since the first, a1 was deleted and its row erased, a2 replaced, and b added."""
    add(engine, {f"a{n}": text(n) for n in range(8)})
    compact(engine)
    engine.delete_article("default", "a1")
    add(engine, {"a2": text(2, version=9), "b": text(50)})
    return compact(engine)


LIVE = {"a0", "a2", "a3", "a4", "a5", "a6", "a7", "b"}


@pytest.mark.parametrize(
    ("exact", "victim"),
    [
        (1000, "windows.faiss"),
        (1000, "sentences.faiss"),
        (1000, "places-keys.npy"),
        (1000, "words/meta.json"),
        (4, "windows.ivf"),
        (4, "sentences.lists"),
    ],
)
def test_the_last_good_base_takes_over(
    settings: Settings, exact: int, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "EXACT_VECTORS", exact)
    engine = Engine.open(settings, ToyEncoder())
    second = two_bases(engine)
    add(engine, {"c": text(60)})
    engine.delete_article("default", "a3")
    engine.close()
    harm(base_root(engine, second) / victim)
    encoder = ToyEncoder()
    engine = Engine.open(settings, encoder)
    served = engine.generations.manifest(second.collection)
    assert served is not None
    assert served.base is not None
    assert second.base is not None
    assert served.base.directory != second.base.directory
    assert shown(engine) == LIVE - {"a3"} | {"c"}
    texts = {p.article_id: p.text for p in engine.ask(Ask(question(2), top_k=50)).passages}
    assert texts["a2"] == text(2, version=9)
    assert encoder.passages_encoded == 0
    assert not base_root(engine, second).exists()
    [warning] = engine.readiness().warnings
    assert victim in warning
    assert engine.readiness().ready
    assert engine.check() == []
    # What was erased since the old base was made stays dead in every generation over it.
    add(engine, {"d": text(61)})
    engine.delete_article("default", "b")
    assert shown(engine) == LIVE - {"a3", "b"} | {"c", "d"}
    assert engine.check() == []
    compact(engine)
    assert engine.readiness().warnings == ()
    assert shown(engine) == LIVE - {"a3", "b"} | {"c", "d"}
    assert engine.check() == []
    engine.close()


def test_without_a_good_base_everything_is_replayed(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    second = two_bases(engine)
    engine.close()
    for path in (engine.catalog.root / "indexes").rglob("windows.faiss"):
        harm(path)
    engine = Engine.open(settings, ToyEncoder())
    assert shown(engine) == LIVE
    served = engine.generations.manifest(second.collection)
    assert served is not None
    assert served.base is None
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize("victim", ["manifest-*.json", "delta-*.bin", "CURRENT"])
def test_a_base_outlives_the_other_files(settings: Settings, victim: str) -> None:
    engine = Engine.open(settings, ToyEncoder())
    second = two_bases(engine)
    add(engine, {"c": text(60)})
    engine.close()
    root = engine.generations.directory(second.collection).root
    current = (root / "CURRENT").read_text().split()[0]
    path = max(root.glob(victim), key=lambda path: path.name == current or path.stat().st_mtime_ns)
    harm(root / current if victim.startswith("manifest") else path, place=3)
    engine = Engine.open(settings, ToyEncoder())
    assert shown(engine) == LIVE | {"c"}
    served = engine.generations.manifest(second.collection)
    assert served is not None
    assert served.base is not None
    assert second.base is not None
    assert served.base.directory == second.base.directory
    assert len(engine.readiness().warnings) == 1
    assert engine.check() == []
    engine.close()


def test_damage_of_a_large_base_is_found_in_the_background(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_index, "CHECKED_AT_ONCE", 0)
    monkeypatch.setattr(verifying, "LOOK_S", 0.02)
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 1000)
    engine = Engine.open(settings, ToyEncoder())
    second = two_bases(engine)
    engine.close()
    harm(base_root(engine, second) / "sentences.faiss")
    engine = Engine.open(settings, ToyEncoder())
    warned: list[str] = []
    noted = engine.generations.damage.mended
    monkeypatch.setattr(
        engine.generations.damage,
        "mended",
        lambda *given: (noted(*given), warned.extend(engine.readiness().warnings)),
    )
    engine.start_workers()
    wait_until(lambda: warned)
    assert "sentences.faiss" in warned[0]
    wait_until(lambda: not engine.readiness().warnings)
    assert shown(engine) == LIVE
    served = engine.generations.manifest(second.collection)
    assert served is not None
    assert served.base is not None
    assert second.base is not None
    assert served.base.directory != second.base.directory
    assert engine.check() == []
    engine.close()


def test_what_is_sound_is_read_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    two_bases(engine)
    calls: list[Path] = []
    verify = base_index.verify
    monkeypatch.setattr(base_index, "verify", lambda root, *given: calls.append(root) or verify(root, *given))
    worker = Verifying(engine.generations, engine.opened, threading.Event())
    worker.verify_new()
    worker.verify_new()
    assert len(calls) == 1
    assert engine.readiness().warnings == ()
    engine.close()


def test_a_damaged_base_is_not_extended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes would get checksums of their own."""
    monkeypatch.setattr(dense, "EXACT_VECTORS", 8)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(40)})
    first = compact(engine)
    add(engine, {"b": text(50)})
    harm(base_root(engine, first) / "sentences.lists")
    built: list[str] = []
    build = base_index.build
    monkeypatch.setattr(base_index, "build", lambda root, name, *rest: built.append(name) or build(root, name, *rest))
    second = compact(engine)
    assert second.base is not None
    assert built == [second.base.directory]
    assert engine.check() == []
    engine.close()


def test_a_question_mends_what_was_never_opened(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    second = two_bases(engine)
    engine.opened.forget_all_but(set())
    harm(base_root(engine, second) / "windows.faiss")
    assert shown(engine) == LIVE
    engine.close()


def test_a_manifest_damaged_under_a_server_is_mended_by_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LAG_S", "AGAIN_S", "JOBS_POLL_S"):
        monkeypatch.setattr(background, name, 0.1)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(3)})
    root = next(one.root for one in engine.generations.directories())
    published = (root / "CURRENT").read_text()
    engine.start_workers()
    looked: list[str] = []
    covers = engine.generations.covers
    monkeypatch.setattr(engine.generations, "covers", lambda one: looked.append(one.name) or covers(one))
    wait_until(lambda: len(looked) > 2)  # it was sound, and nothing is written from now on
    harm(root / published.split()[0])
    wait_until(lambda: (root / "CURRENT").read_text() != published)
    wait_until(lambda: engine.readiness().warnings == ())
    assert shown(engine) == {"a0", "a1", "a2"}
    assert engine.check() == []
    engine.close()
