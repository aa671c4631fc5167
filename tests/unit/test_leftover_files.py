"""Index files that no manifest names are removed, but never those that somebody is about to name."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.index import generation, lexical
from qa_service.index.generation_dir import GenerationDir
from qa_service.store import collections, files
from tests.conftest import add
from tests.unit.test_generations import text


def test_a_compaction_leaves_the_base_of_a_replay_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay has the writer's lock and not that of compactions, which is taken before it."""
    monkeypatch.setattr(generation, "COMPACT_AT_MOST", 5)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    directory = engine.generations.directory(collection.row)
    for path in directory.root.iterdir():
        files.remove(path)
    compaction = threading.Thread(target=lambda: engine.generations.compact(collection, force=True))
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
