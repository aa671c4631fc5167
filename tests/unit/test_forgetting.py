"""What is remembered of passages goes when they have died, whatever remembers it."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import pytest

from qa_service import forgetting
from qa_service.engine import Engine
from qa_service.forgetting import REST_S, Forgetting
from qa_service.types import Ask, Submission

pytestmark = pytest.mark.both_catalogues

PARK = "青河公园每天早上六点开门。晚上十点关门。儿童票价是五元。"
ASK = Ask(question="青河公园几点关门？", top_k=50)


class Clock:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Noting:
    """A memory of these keys."""

    def __init__(self, *keys: int) -> None:
        self.keys = set(keys)

    def passage_keys(self) -> set[int]:
        return set(self.keys)

    def forget(self, dead: Set[int]) -> None:
        self.keys -= dead


def put(engine: Engine, **articles: str) -> None:
    list(engine.ingest([Submission(text.encode(), article_id) for article_id, text in articles.items()]))


def remembered(engine: Engine) -> set[int]:
    return engine.catalog.kept.passage_keys() | engine._searcher.passage_keys()


def shown(engine: Engine) -> set[int]:
    with engine.catalog.read() as connection:
        rows = connection.execute("SELECT key FROM passages WHERE deleted_seq IS NULL AND vectors > 0")
        return {key for (key,) in rows}


def look(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(forgetting, "REST_S", 0)
    return Forgetting(engine.opened.open_snapshots, [engine.catalog.kept, engine._searcher]).look()


def test_replaced_and_deleted_passages_are_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in range(20):
        put(engine, park=PARK + f"第{version}版。", lake=PARK + f"湖的第{version}版。", gone=PARK)
        engine.ask(ASK)
        engine.delete_article("default", "gone")
    engine.ask(ASK)
    assert len(remembered(engine)) >= 40
    kept = engine.catalog.kept
    assert len(kept.texts) >= 40
    assert look(engine, monkeypatch) >= 38
    assert remembered(engine) == shown(engine)
    assert (len(kept.passages), len(kept.texts)) == (2, 2)
    answer = engine.ask(ASK)
    assert {one.article_id for one in answer.passages} | {
        copy.article_id for one in answer.passages for copy in one.also_in
    } == {"park", "lake"}


def test_what_lives_in_a_base_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine, park=PARK, lake=PARK + "湖。", old=PARK + "旧。")
    engine.compact_everything(erase=False)
    put(engine, new=PARK + "新。")
    engine.delete_article("default", "old")
    engine.ask(ASK)
    before = remembered(engine)
    assert before == shown(engine)
    look(engine, monkeypatch)
    assert remembered(engine) == before


def test_a_snapshot_tells_which_keys_it_shows(engine: Engine) -> None:
    put(engine, park=PARK, lake=PARK + "湖。")
    engine.compact_everything(erase=False)
    put(engine, park=PARK + "新。")
    snapshot = engine.opened.snapshot("default")
    assert snapshot is not None
    keys = np.arange(-1, 50, dtype=np.int64)
    assert set(keys[snapshot.shows(keys)].tolist()) == shown(engine)


def test_it_looks_again_until_nothing_is_found_and_then_after_writes_only(engine: Engine) -> None:
    put(engine, park=PARK)
    engine.ask(ASK)
    [live] = shown(engine)
    clock, memory = Clock(), Noting(live, 998, 999)
    forgetting = Forgetting(engine.opened.open_snapshots, [memory], clock)
    assert forgetting.look() == 0  # it has only just begun
    clock.now += REST_S
    assert forgetting.look() == 2
    assert memory.keys == {live}
    # A question that was under way.
    memory.keys.add(999)
    assert forgetting.look() == 0
    clock.now += REST_S
    assert forgetting.look() == 1
    clock.now += REST_S
    assert forgetting.look() == 0
    memory.keys.add(999)
    clock.now += REST_S
    assert forgetting.look() == 0
    put(engine, lake=PARK + "湖。")
    clock.now += REST_S
    assert forgetting.look() == 1
    assert memory.keys == {live}
