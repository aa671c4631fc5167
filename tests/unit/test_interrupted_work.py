"""What is cut off, deleted under the hands of a writer, or fails once, leaves nothing wrong behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embeddings.toy import ToyEncoder
from qa_service import background
from qa_service.config import Settings
from qa_service.drafting import Draft
from qa_service.engine import Engine
from qa_service.errands import Errands, Order
from qa_service.errors import Unavailable
from qa_service.index import dense, folding, generation
from qa_service.ingest import Ingestor
from qa_service.job_runner import JobRunner
from qa_service.store import collections
from qa_service.types import Ask
from tests.conftest import add, article
from tests.unit.test_errands import text, wait_until
from tests.unit.test_furniture_learning import FOOTER, story


def test_a_replay_after_damage_keeps_the_manifest_it_publishes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "EXACT_VECTORS", 20)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(40)})
    with engine.catalog.read() as connection:
        collection = collections.get(connection, "default")
    folding.compact(engine.generations, collection, force=True)
    for _ in range(4):
        engine.measure_recall("default", 10)
    manifest = engine.generations.manifest(collection.row)
    assert manifest is not None and manifest.base is not None
    root = engine.generations.directory(collection.row).root
    engine.close()
    (root / manifest.base.directory / "places-keys.npy").write_bytes(b"x")
    for _ in range(2):
        engine = Engine.open(settings, ToyEncoder())
        assert engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].article_id == "a7"
        engine.close()


def test_a_large_damaged_index_is_replaced_by_a_base(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "REPLAYED_IN_MEMORY", 10)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(20)})
    with engine.catalog.read() as connection:
        row = collections.get(connection, "default").row
    manifest = engine.generations.manifest(row)
    assert manifest is not None
    (engine.generations.directory(row).root / manifest.delta.name).write_bytes(b"x")
    engine.close()
    engine = Engine.open(settings, ToyEncoder())
    replaced = engine.generations.manifest(row)
    assert replaced is not None and replaced.base is not None and replaced.delta.entries == 0
    assert engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].article_id == "a7"
    assert engine.check() == []
    engine.close()


def test_a_job_cut_off_after_a_batch_takes_none_of_it_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    job = engine.submit([article("x", "旧的版本在这里。"), article("y", "要删除的文章在这里。")], "default")

    class Killed(BaseException):
        pass

    def killed(self: Ingestor, *_: object) -> None:
        if engine.job(job.id).done:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Ingestor, "_learn", killed)
        with pytest.raises(Killed):
            JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
    assert engine.job(job.id).state != "done"
    add(engine, {"x": "新的版本在这里。"})
    engine.delete_article("default", "y")
    JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
    assert engine.job(job.id).state == "done"
    assert [outcome.outcome for outcome in engine.job(job.id).outcomes] == ["created", "created"]
    assert engine.article("default", "x").text == "新的版本在这里。"
    assert [one.id for one in engine.articles("default").articles] == ["x"]
    engine.close()


def test_what_a_done_job_took_is_in_the_next_answer_also_where_another_process_took_it(settings: Settings) -> None:
    engine, other = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    add(engine, {"x": "第7号货仓的负责人编号是旧的。"})
    assert "旧的" in engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].text
    job = engine.submit([article("x", "第7号货仓的负责人编号是新的。")], "default")
    JobRunner(other.catalog, other.taking_in.ingest_batches, lambda: False).drain()
    assert engine.job(job.id).state == "done"
    assert "新的" in engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].text
    other.close()
    engine.close()


def test_a_job_killed_before_its_last_batch_is_published_is_not_done_before_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"x": "第7号货仓的负责人编号是旧的。"})
    assert "旧的" in engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].text
    job = engine.submit([article("x", "第7号货仓的负责人编号是新的。")], "default")

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(generation.Generations, "publish", killed)
        with pytest.raises(Killed):
            JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
    assert engine.job(job.id).state != "done"
    JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
    assert engine.job(job.id).state == "done"
    assert "新的" in engine.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].text
    engine.close()


def test_a_collection_deleted_while_it_is_learnt_from_does_not_come_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    encoded = Ingestor._encoded
    redrafted: list[int] = []

    def deleting(self: Ingestor, drafts: Iterator[Draft]) -> Iterator[object]:
        for batch, vectors in encoded(self, drafts):
            if all(draft.replaces is not None for draft in batch):
                redrafted.append(len(batch))
                engine.delete_collection("x")
            yield batch, vectors

    monkeypatch.setattr(Ingestor, "_encoded", deleting)
    given = (article(f"a{n}", story(n, last=FOOTER), url="https://example.org/1") for n in range(40))
    list(engine.ingest(given, "x"))
    assert redrafted
    assert [one.name for one in engine.collections()] == ["default"]
    engine.close()


def test_a_failed_compaction_is_tried_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "JOBS_POLL_S", 0.05)
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    engine = Engine.open(settings, ToyEncoder())
    compact, tries = engine.opened.compact, [0]

    def failing_twice(name: str) -> None:
        tries[0] += 1
        if tries[0] <= 2:
            raise Unavailable("the disk is full")
        compact(name)

    monkeypatch.setattr(engine.opened, "compact", failing_twice)
    engine.start_workers()
    add(engine, {f"a{n}": text(n) for n in range(10)})
    wait_until(lambda: tries[0] >= 3 and not engine.opened.is_due("default"))
    wait_until(lambda: not engine.readiness().warnings)
    engine.close()


def test_what_was_due_before_a_restart_is_compacted_after_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(10)})
    engine.close()
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    engine = Engine.open(settings, ToyEncoder())
    assert engine.opened.is_due("default")
    engine.start_workers()
    wait_until(lambda: not engine.opened.is_due("default"))
    engine.close()


def test_a_process_killed_before_it_began_is_no_reason_to_do_without(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    errands = Errands()
    start = errands._start

    def killed(order: Order) -> object:
        process = start(order)
        assert process is not None
        process.kill()
        process.wait()
        return process

    errands._start = killed  # type: ignore[assignment,method-assign]
    with pytest.raises(Unavailable):
        errands.run(Order("jobs", settings, engine.generations.versions, engine.catalog.root))
    engine.close()
