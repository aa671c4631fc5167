"""Bases of many vectors, made small by lowering the bound: inverted lists, what they take over, and their recall."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.filters.parsing import parse_filter
from qa_service.index import base as base_index
from qa_service.index import dense, folding, legs, local_snapshot, recall
from qa_service.index.bm25 import Hits
from qa_service.index.legs import IvfLeg
from qa_service.index.lexical import LexicalIndex
from qa_service.index.manifest import BaseEntry
from qa_service.store import collections
from qa_service.types import Ask
from tests.conftest import add, article


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT_VECTORS", 20)


def text(number: int, version: int = 0) -> str:
    return f"第{number}号仓库在{number % 7}区。第{number}号仓库的负责人编号是{number * 13 + version}。"


def question(number: int) -> str:
    return f"第{number}号仓库的负责人编号是多少?"


def compact(engine: Engine, *, force: bool = False) -> BaseEntry:
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "COMPACT_PASSAGES", 1)
        patch.setattr(folding, "COMPACT_AT_MOST", 1)
        manifest = folding.compact(engine.generations, collection, force=force)
    engine.opened.follow("default")
    assert manifest is not None
    assert manifest.base is not None
    return manifest.base


def found(engine: Engine, number: int) -> list[tuple[str, float]]:
    return [(p.article_id, p.score) for p in engine.ask(Ask(question(number), top_k=50)).passages]


def test_a_large_base_answers_as_an_exact_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(120)})
    before = [found(engine, n) for n in range(0, 120, 10)]
    entry = compact(engine, force=True)
    assert entry.windows is not None
    assert entry.sentences is not None
    assert (entry.windows.kind, entry.sentences.kind) == ("ivf-rabitq", "ivf-rabitq")
    assert entry.sentences.recall is not None
    assert entry.sentences.recall >= recall.TARGET
    assert entry.sentences.reach is not None
    assert [found(engine, n) for n in range(0, 120, 10)] == before
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    assert snapshot.base is not None
    assert isinstance(snapshot.base.sentences, IvfLeg)
    assert engine.check() == []
    engine.close()


def test_a_base_is_extended_without_what_is_gone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(120)})
    first = compact(engine, force=True)
    for n in range(5):
        engine.delete_article("default", f"a{n}")
    add(engine, {f"a{n}": text(n, version=1) for n in range(5, 8)})
    add(engine, {f"b{n}": text(n) for n in range(200, 205)})
    before = [found(engine, n) for n in (0, 5, 50, 201)]
    monkeypatch.setattr(base_index, "build", None)
    monkeypatch.setattr("embeddings.ivf_build.train", None)
    second = compact(engine)
    assert second.directory != first.directory
    assert second.passages == 120
    assert second.lingering == 8
    base = engine.generations.open_base(1, second)
    assert sorted(base.words.keys().tolist()) == base.keys.tolist()
    assert [found(engine, n) for n in (0, 5, 50, 201)] == before
    assert engine.check() == []
    engine.close()
    reopened = Engine.open(settings, ToyEncoder())
    assert [found(reopened, n) for n in (0, 5, 50, 201)] == before
    reopened.close()


def test_random_histories_match_a_plain_model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deleted or replaced never comes back, whatever lists it was in."""
    rng = random.Random(5)
    engine = Engine.open(settings, ToyEncoder())
    model = {f"a{n}": text(n) for n in range(40)}
    add(engine, model)
    compact(engine)
    for step in range(25):
        number = rng.randrange(60)
        if rng.random() < 0.4 and f"a{number}" in model:
            engine.delete_article("default", f"a{number}")
            del model[f"a{number}"]
        else:
            model[f"a{number}"] = text(number, version=step)
            add(engine, {f"a{number}": model[f"a{number}"]})
        if rng.random() < 0.3:
            compact(engine)
        passages = engine.ask(Ask(question(number), top_k=50)).passages
        assert {p.article_id for p in passages} <= model.keys()
        assert all(model[p.article_id] == p.text for p in passages)
        assert len(passages) == min(len(model), 50)
        if f"a{number}" in model:
            assert passages[0].article_id == f"a{number}"
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize(
    "victim",
    ["windows.ivf", "windows.lists", "sentences.ivf", "sentences.lists", "places-keys.npy", "places-starts.npy"],
)
def test_damage_of_the_new_files_is_named_and_mended(settings: Settings, victim: str) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(40)})
    entry = compact(engine, force=True)
    engine.close()
    [path] = (settings.data_dir / "indexes").rglob(f"{entry.directory}/{victim}")
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    path.write_bytes(data)
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    [problem] = engine.check()
    assert victim in problem
    engine.close()
    path.write_bytes(data[:-5])
    encoder = ToyEncoder()
    engine = Engine.open(settings, encoder)
    assert len(found(engine, 3)) == 40
    assert encoder.passages_encoded == 0
    engine.close()


def test_a_filter_admits_what_it_admits_of_an_exact_base(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.retrieval.ranking.FEW_ADMITTED", 3)
    engine = Engine.open(settings, ToyEncoder())
    given = [dataclasses.replace(article(f"a{n}", text(n)), metadata={"part": n % 5}) for n in range(150)]
    assert all(one.outcome == "created" for one in engine.ingest(given))
    filters = parse_filter({"type": "eq", "key": "part", "value": 2})

    def asked() -> list[list[str]]:
        return [
            [p.article_id for p in engine.ask(Ask(question(n), top_k=50, filters=filters)).passages]
            for n in range(0, 150, 15)
        ]

    before = asked()
    assert all(len(ids) > 20 and {int(one[1:]) % 5 for one in ids} == {2} for ids in before)
    compact(engine, force=True)
    # Few admitted vectors are all scored, of many those in the lists looked into.
    assert asked() == before
    monkeypatch.setattr(legs, "ALL_SCORED", 5)
    engine.opened.forget_all_but(set())
    assert asked() == before
    engine.close()


def test_a_base_of_format_2_is_opened_and_replaced_when_it_grows(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    entry = compact(engine, force=True)
    assert entry.windows is not None
    assert entry.windows.kind == "exact"
    before = [found(engine, n) for n in range(5)]
    with engine.catalog.read() as connection:
        directory = engine.generations.directory(collections.get(connection, "default").row)
    manifest = directory.read()
    assert manifest is not None
    old = {key: value for key, value in dataclasses.asdict(manifest).items() if key != "format"}
    for name in ("windows", "sentences", "lingering"):
        del old["base"][name]
    old["base"]["files"] = [file for file in old["base"]["files"] if not file["name"].startswith("places-")]
    for path in directory.root.rglob("places-*"):
        path.unlink()
    data = json.dumps({"format": 2, **old}).encode()
    name = f"manifest-{manifest.seq}-9-1.json"
    (directory.root / name).write_bytes(data)
    (directory.root / "CURRENT").write_text(f"{name} {hashlib.sha256(data).hexdigest()}\n")
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    assert [found(engine, n) for n in range(5)] == before
    assert [one.leg.recall for one in engine.measure_recall(None, 10)] == [1.0, 1.0]
    add(engine, {f"b{n}": text(n) for n in range(20, 60)})
    entry = compact(engine)
    assert entry.sentences is not None
    assert entry.sentences.kind == "ivf-rabitq"
    assert engine.check() == []
    engine.close()


def test_a_base_of_format_3_looks_into_all_its_lists(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(120)})
    entry = compact(engine, force=True)
    assert entry.sentences is not None
    raw = dataclasses.asdict(entry)
    for leg in ("windows", "sentences"):
        del raw[leg]["reach"]
    old = BaseEntry.parse(raw).sentences
    assert old is not None
    assert (old.reach, old.effort.reach, old.effort.probes) == (None, math.inf, old.probes)
    engine.close()


def test_what_is_common_does_not_nominate_in_a_large_base(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(120)})
    compact(engine, force=True)
    searched: list[int] = []
    search = LexicalIndex.search

    def counted(index: LexicalIndex, terms: Sequence[int], limit: int) -> Hits:
        searched.append(len(terms))
        return search(index, terms, limit)

    monkeypatch.setattr(LexicalIndex, "search", counted)
    assert found(engine, 50)[0][0] == "a50"
    everything = searched[-1]
    monkeypatch.setattr(local_snapshot, "TELLING_IDF", 0.0)
    assert found(engine, 50)[0][0] == "a50"
    assert everything < searched[-1]
    # Nothing but common words: then they nominate.
    monkeypatch.setattr(local_snapshot, "TELLING_IDF", math.inf)
    assert found(engine, 50)[0][0] == "a50"
    assert searched[-1] > everything
    engine.close()


def test_recall_is_measured_and_recorded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(120)})
    compact(engine, force=True)
    snapshot = engine.opened.snapshot("default")
    found = {one.kind: one for one in engine.measure_recall("default", 30)}
    assert not any(one.missed for one in found.values())
    engine.opened.refresh("default")
    after = engine.opened.snapshot("default")
    assert snapshot is not None
    assert after is not None
    assert after.base is snapshot.base
    assert after.manifest.base is not None
    assert after.manifest.base.sentences == found["sentences"].leg
    assert found["sentences"].leg.queries == 30
    monkeypatch.setattr(recall, "recall", lambda *_: 0.5)
    assert [one.missed for one in engine.measure_recall(None, 30)] == [True, True]
    # What finds too little is trained anew by the next compaction.
    monkeypatch.undo()
    monkeypatch.setattr(dense, "EXACT_VECTORS", 20)
    add(engine, {"late": text(500)})
    entry = compact(engine)
    assert entry.sentences is not None
    assert entry.sentences.trained_on == entry.sentences.vectors == 242
    engine.close()


def test_a_base_twice_as_large_is_trained_anew(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(40)})
    assert compact(engine).passages == 40
    add(engine, {f"b{n}": text(n) for n in range(100, 130)})
    grown = compact(engine).sentences
    add(engine, {f"c{n}": text(n) for n in range(200, 215)})
    doubled = compact(engine).sentences
    assert grown is not None
    assert doubled is not None
    assert (grown.vectors, grown.trained_on) == (140, 80)
    assert (doubled.vectors, doubled.trained_on) == (170, 170)
    engine.close()


def test_words_of_what_is_gone_are_dropped_once_they_are_many(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(60)})
    assert compact(engine).lingering == 0
    for n in range(5):
        engine.delete_article("default", f"a{n}")
    assert compact(engine).lingering == 5
    for n in range(5, 15):
        engine.delete_article("default", f"a{n}")
    assert compact(engine).lingering == 0
    assert engine.check() == []
    engine.close()


def test_keys_are_spread_over_what_is_live(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(60)})
    compact(engine, force=True)
    for n in (0, 1, 7, 30, 59):
        engine.delete_article("default", f"a{n}")
    add(engine, {f"b{n}": text(n) for n in range(70, 80)})
    engine.delete_article("default", "b75")
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    with engine.catalog.read() as connection:
        live = [key for (key,) in connection.execute("SELECT key FROM passages WHERE deleted_seq IS NULL ORDER BY key")]
        assert snapshot.spread(connection, 1000) == live
        places = np.linspace(0, len(live) - 1, 7).round().astype(int)
        assert snapshot.spread(connection, 7) == [live[place] for place in places]
    engine.close()


def test_vectors_are_read_from_many_segments(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.store.segment_files.SEGMENT_RECORDS", 50)
    engine = Engine.open(settings, ToyEncoder())
    for first in range(0, 60, 20):
        add(engine, {f"a{n}": text(n) for n in range(first, first + 20)})
    assert len(list((settings.data_dir / "vectors").glob("*.vec"))) > 2
    before = [found(engine, n) for n in range(0, 60, 10)]
    compact(engine, force=True)
    assert [found(engine, n) for n in range(0, 60, 10)] == before
    numbers, slots = np.array([3, 1, 2, 1], np.int32), np.array([4, 0, 7, 3])
    taken = engine.segments.take(numbers, slots)
    alone = [engine.segments.take(numbers[i : i + 1], slots[i : i + 1])[0] for i in range(4)]
    assert np.array_equal(taken, np.stack(alone))
    with pytest.raises(Damaged, match="too short"):
        engine.segments.take(np.array([1], np.int32), np.array([10**6]))
    engine.close()
