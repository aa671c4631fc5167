"""Index files that no manifest names are removed, but never those that somebody is about to name."""

from __future__ import annotations

import errno
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.index import folding, generation, lexical
from qa_service.index.generation_dir import KEEP_GENERATIONS, GenerationDir
from qa_service.store import collections, files
from tests.conftest import add
from tests.unit.test_generations import text


def test_a_compaction_leaves_the_base_of_a_replay_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay has the writer's lock and not that of compactions, which is taken before it."""
    monkeypatch.setattr(generation, "REPLAYED_IN_MEMORY", 5)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    directory = engine.generations.directory(collection.row)
    for path in directory.root.iterdir():
        files.remove(path)
    compaction = threading.Thread(target=lambda: folding.compact(engine.generations, collection, force=True))
    looked, build, orphans = threading.Event(), lexical.build, GenerationDir.orphans

    def built(*given: Any) -> Any:
        found = build(*given)
        if not compaction.ident:
            compaction.start()
            assert looked.wait(30)
            compaction.join(0.3)
        return found

    def listed(self: GenerationDir) -> list[Path]:
        found = orphans(self)
        looked.set()
        return found

    monkeypatch.setattr(lexical, "build", built)
    monkeypatch.setattr(GenerationDir, "orphans", listed)
    with engine.catalog.writer_lock():
        manifest = engine.generations.recover(collection)
    assert manifest.base is not None
    compaction.join(30)
    assert not compaction.is_alive()
    assert engine.check() == []
    engine.close()


def names(engine: Engine) -> set[str]:
    """Name the files of the only collection's index."""
    [directory] = engine.generations.directories()
    return {path.name for path in directory.root.iterdir()}


def full(patch: pytest.MonkeyPatch, kind: str) -> None:
    """Have the disk be full as soon as such a file is written."""
    put = files.put

    def failing(path: Path, data: bytes, mode: int | None = None) -> None:
        if path.name.startswith(kind):
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, data, mode)

    patch.setattr(files, "put", failing)


@pytest.mark.parametrize("kind", ["delta-", "manifest-", "CURRENT"])
def test_publications_that_fail_again_and_again_do_not_fill_the_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    before = names(engine)
    with monkeypatch.context() as patch:
        full(patch, kind)
        with pytest.raises(Unavailable, match="No space"):
            add(engine, {"b": text(2)})
        for _ in range(5):
            with pytest.raises(Unavailable, match="No space"):
                engine.opened.publish_lagging("default")
    assert names(engine) == before
    for number in range(4):
        add(engine, {f"c{number}": text(number + 10)})
    kinds = Counter(name.split("-")[0] for name in names(engine))
    assert kinds["manifest"] == kinds["delta"] == KEEP_GENERATIONS
    assert engine.check() == []
    engine.close()


def test_what_a_process_left_that_was_killed_while_it_published_is_removed(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    [directory] = engine.generations.directories()
    left = {"delta-7-0-1.bin", "delta-7-0-2.bin.tmp", "manifest-7-0-3.json.tmp", "CURRENT.tmp"}
    for name in left:
        (directory.root / name).write_bytes(b"x")
    (directory.root / "base-9-20260101T000000.tmp").mkdir()
    add(engine, {"b": text(2)})
    assert not left & names(engine)
    # Another process may be making it.
    assert "base-9-20260101T000000.tmp" in names(engine)
    assert engine.check() == []
    engine.close()
