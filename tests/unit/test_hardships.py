"""Hardships: writers beside a rebuild, refused writes, lost files, failing jobs. Nothing is half-done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.blocks import BlockEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible, Unavailable
from qa_service.index import folding
from qa_service.ingest import Ingestor
from qa_service.store.segment_files import SegmentFiles
from qa_service.types import Ask, Outcome, Submission
from tests.conftest import add, article
from tests.unit.test_generations import question, text, wait_until


def test_a_rebuild_leaves_what_others_wrote_meanwhile(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, other = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1), "b": text(2), "c": text(3)})
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        tx.connection.execute("UPDATE articles SET pipeline = ''")
    encode = BlockEncoder.encode

    def interfere(blocks: BlockEncoder, batch: list[object]) -> object:
        monkeypatch.setattr(BlockEncoder, "encode", encode)
        add(other, {"a": text(9)})
        other.delete_article("default", "b")
        return encode(blocks, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(BlockEncoder, "encode", interfere)
    engine.rebuild()
    assert {row.id: engine.article("default", row.id).text for row in engine.articles("default").articles} == {
        "a": text(9),
        "c": text(3),
    }
    assert engine.check() == []
    engine.close()
    other.close()


def test_a_write_with_outdated_settings_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    old = Engine.open(settings, ToyEncoder())
    add(old, {"a": text(1)})
    words = tmp_path / "words.txt"
    words.write_text("仓库 = 货仓\n", encoding="utf-8")
    new = Engine.open(settings.model_copy(update={"user_dict": words}), ToyEncoder(), recover=False)
    new.rebuild()
    with pytest.raises(Incompatible):
        add(old, {"z": text(2)})
    with pytest.raises(Incompatible):
        old.delete_article("default", "a")
    assert [row.id for row in new.articles("default").articles] == ["a"]
    assert new.check() == []
    old.close()
    new.close()


def test_a_damaged_manifest_is_mended_by_the_next_write(engine: Engine) -> None:
    add(engine, {"a": text(1)})
    for path in (engine.settings.data_dir / "indexes").rglob("manifest-*.json"):
        path.write_bytes(path.read_bytes()[:-3])
    add(engine, {"b": text(2)})
    assert {p.article_id for p in engine.ask(Ask(question(1), top_k=50)).passages} == {"a", "b"}


def test_a_damaged_block_that_two_rows_share_is_mended(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    list(engine.ingest([article("a", text(1), title="新标题")]))
    add(engine, {"copy": text(1)}, "other")
    engine.close()
    [segment] = (settings.data_dir / "vectors").glob("*.vec")
    data = bytearray(segment.read_bytes())
    data[100] ^= 0xFF
    segment.write_bytes(data)
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    engine.rebuild()
    assert engine.check() == []
    engine.close()


def test_lost_vectors_are_encoded_again_by_rebuild(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1), "b": text(2)})
    engine.close()
    shutil.rmtree(settings.data_dir / "vectors")
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    engine.rebuild()
    assert engine.ask(Ask(question(2))).passages[0].article_id == "b"
    assert engine.check() == []
    engine.close()


def test_a_collection_without_its_index_is_never_an_empty_answer(engine: Engine) -> None:
    add(engine, {"a": text(1)}, "other")
    shutil.rmtree(engine.generations.directory(2).root)
    fresh = Engine.open(engine.settings, ToyEncoder())
    assert fresh.ask(Ask(question(1), collection="other")).passages[0].article_id == "a"
    fresh.close()


@pytest.mark.parametrize(
    "given",
    [
        {"metadata": {"a": float("inf")}},
        {"metadata": {"a": "\ud800"}},
        {"metadata": {"\ud800": 1}},
        {"metadata": {"a": [[[[[[[[[1]]]]]]]]]}},
        {"metadata": {"a": "x" * 70_000}},
        {"url": "javascript:alert(1)"},
        {"published_at": "yesterday"},
        {"title": "x" * 2001},
    ],
)
def test_attributes_that_cannot_be_kept_are_a_rejection(engine: Engine, given: dict[str, object]) -> None:
    outcomes = list(engine.ingest([article("good", text(1)), article("bad", text(2), **given), article("c", text(3))]))
    assert [outcome.outcome for outcome in outcomes] == ["created", "rejected", "created"]
    assert next(iter(given)) in str(outcomes[1].reason)


def test_rows_that_come_and_go_are_erased(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 20)
    engine = Engine.open(settings, ToyEncoder())
    for version in range(50):
        add(engine, {"a": text(1, version)})
    with engine.catalog.read() as connection:
        assert connection.execute("SELECT count(*) FROM passages").fetchone()[0] < 30
        assert connection.execute("SELECT count(*) FROM contents").fetchone()[0] < 30
    assert engine.check() == []
    engine.close()


def test_a_failing_job_ends_and_the_next_one_runs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    run = Ingestor.run

    def fail_on_bad(ingestor: Ingestor, submissions: list[Submission], *rest: object) -> Iterator[list[Outcome]]:
        given = list(submissions)
        if given[0].id == "bad":
            raise RuntimeError("out of luck")
        return run(ingestor, given, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingestor, "run", fail_on_bad)
    first = engine.submit([article("bad", text(1))], "default")
    second = engine.submit([article("good", text(2))], "default")
    engine.start_workers()
    wait_until(lambda: engine.job(second.id).state == "done")
    assert (engine.job(first.id).state, engine.job(first.id).error) == ("failed", "out of luck")
    engine.close()


def test_a_job_does_not_bring_a_deleted_collection_back(engine: Engine) -> None:
    engine.create_collection("gone")
    job = engine.submit([article("a", text(1))], "gone")
    engine.delete_collection("gone")
    assert (engine.job(job.id).state, engine.job(job.id).error) == ("failed", "the collection was deleted")


def test_another_server_takes_over_the_jobs_of_a_dead_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa_service.background.JOBS_POLL_S", 0.1)
    dead, alive = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    alive.start_workers()
    job = dead.submit([article("a", text(1))], "default")  # its own workers never start
    wait_until(lambda: alive.job(job.id).state == "done")
    alive.close()
    dead.close()


def test_a_deleted_article_is_gone_at_once_for_another_process(settings: Settings) -> None:
    reader, writer = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    add(writer, {"a": text(1), "b": text(2)})
    reader.opened.refresh("default")
    writer.delete_article("default", "a")
    # The reader still has the old generation open.
    assert {p.article_id for p in reader.ask(Ask(question(1), top_k=50)).passages} == {"b"}
    add(writer, {"b": text(7)})
    assert {p.text for p in reader.ask(Ask(question(1), top_k=50)).passages} == {text(2)}
    reader.opened.refresh("default")
    assert {p.text for p in reader.ask(Ask(question(1), top_k=50)).passages} == {text(7)}
    reader.close()
    writer.close()


def test_a_full_disk_is_a_clear_error_and_keeps_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SegmentFiles, "append", full)
        with pytest.raises(Unavailable, match="No space left"):
            add(engine, {"a": text(1)})
    assert engine.articles("default").articles == ()
    add(engine, {"a": text(1)})
    assert engine.check() == []


def test_check_notices_word_counts_that_drifted(engine: Engine) -> None:
    add(engine, {"a": text(1)})
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        tx.connection.execute("UPDATE terms SET df = df + 1 WHERE id = 1")
    assert any("word counts" in problem for problem in engine.check())
    engine.rebuild()
    assert engine.check() == []
