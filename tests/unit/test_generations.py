"""Generations: what a crash, damage, compaction or another process leaves is served whole or not at all."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible
from qa_service.index import folding
from qa_service.index.generation import Generations
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.types import Ask
from tests.conftest import add, article

pytestmark = pytest.mark.both_catalogues


def text(number: int, version: int = 0) -> str:
    return f"第{number}号仓库在{number % 7}区。第{number}号仓库的负责人编号是{number * 13 + version}。"


def question(number: int) -> str:
    return f"第{number}号仓库的负责人编号是多少?"


def test_a_commit_that_was_not_published_is_served_after_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a1": text(1)})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Generations, "publish_delta", die)
        with pytest.raises(KeyboardInterrupt):
            add(engine, {"a2": text(2)})
    assert {p.article_id for p in engine.ask(Ask(question(2))).passages} == {"a1"}
    engine.close()
    encoder = ToyEncoder()
    reopened = Engine.open(settings, encoder)
    assert reopened.ask(Ask(question(2))).passages[0].article_id == "a2"
    assert encoder.passages_encoded == 0
    assert reopened.check() == []
    reopened.close()


def test_a_crash_before_the_commit_leaves_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a1": text(1)})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("qa_service.store.articles.insert", die)
        with pytest.raises(KeyboardInterrupt):
            add(engine, {"a2": text(2)})
    # Its vectors were appended to the segment; the next write overwrites them.
    add(engine, {"a3": text(3)})
    assert [row.id for row in engine.articles("default").articles] == ["a1", "a3"]
    assert engine.ask(Ask(question(3))).passages[0].article_id == "a3"
    assert engine.check() == []
    engine.close()


@pytest.mark.parametrize("victim", ["base-*/windows.faiss", "base-*/words/meta.json", "manifest-*.json", "delta-*.bin"])
def test_a_damaged_index_is_replaced_from_catalogue_and_vectors(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    add(engine, {"late": text(99)})
    engine.delete_article("default", "a3")
    engine.close()
    damaged = sorted((engine.catalog.root / "indexes").rglob(victim))
    assert damaged
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-3])
    encoder = ToyEncoder()
    reopened = Engine.open(settings, encoder)
    found = {p.article_id for p in reopened.ask(Ask(question(99), top_k=50)).passages}
    assert found == {"a0", "a1", "a2", "a4", "a5", "a6", "a7", "late"}
    assert encoder.passages_encoded == 0
    reopened.close()


@pytest.mark.of_files
def test_damaged_vectors_are_named_by_check_and_mended_by_rebuild(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a1": text(1), "a2": text(2)})
    engine.close()
    [segment] = (settings.data_dir / "vectors").glob("*.vec")
    data = bytearray(segment.read_bytes())
    data[100] ^= 0xFF
    segment.write_bytes(data)
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    [problem] = engine.check()
    assert "checksum" in problem
    assert "qa-service rebuild" in problem
    engine.rebuild()
    assert engine.check() == []
    assert engine.ask(Ask(question(1))).passages[0].article_id == "a1"
    engine.close()


def test_other_settings_are_refused_until_rebuild(settings: Settings, tmp_path: Path) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a1": text(1), "a2": text(2)})
    engine.close()
    words = tmp_path / "words.txt"
    words.write_text("仓库 = 货仓\n", encoding="utf-8")
    changed = settings.model_copy(update={"user_dict": words})
    with pytest.raises(Incompatible, match=r"tokenizer.*qa-service rebuild"):
        Engine.open(changed, ToyEncoder())
    encoder = ToyEncoder()
    engine = Engine.open(changed, encoder, recover=False)
    engine.rebuild()
    assert encoder.passages_encoded == 0
    assert engine.ask(Ask("第2号货仓的负责人编号是多少?")).passages[0].article_id == "a2"
    engine.close()
    with pytest.raises(Incompatible):
        Engine.open(settings, ToyEncoder())


def test_compaction_changes_no_answer_and_erases_the_dead(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(40)})
    engine.delete_article("default", "a5")
    add(engine, {"a6": text(6, version=1)})
    before = [engine.ask(Ask(question(n), top_k=50)).passages for n in range(40)]
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    engine.opened.compact("default")
    after = [engine.ask(Ask(question(n), top_k=50)).passages for n in range(40)]
    assert after == before
    with engine.catalog.read() as connection:
        for table in ("articles", "passages"):
            assert connection.execute(f"SELECT count(*) FROM {table} WHERE deleted_seq IS NOT NULL").fetchone() == (0,)
    assert engine.check() == []
    engine.close()


def test_another_process_is_followed(settings: Settings) -> None:
    server, writer = Engine.open(settings, ToyEncoder()), Engine.open(settings, ToyEncoder())
    server.start_workers()
    add(writer, {"a1": text(1)})
    add(writer, {"b1": text(2)}, "other")

    def seen(collection: str) -> set[str]:
        return {p.article_id for p in server.ask(Ask(question(1), collection=collection)).passages}

    wait_until(lambda: seen("default") == {"a1"})
    assert seen("other") == {"b1"}
    writer.delete_article("default", "a1")
    wait_until(lambda: seen("default") == set())
    server.close()
    writer.close()


def test_random_histories_match_a_plain_model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 12)
    rng = random.Random(11)
    engine = Engine.open(settings, ToyEncoder())
    model: dict[str, str] = {}
    for step in range(60):
        number = rng.randrange(25)
        if rng.random() < 0.3 and f"a{number}" in model:
            engine.delete_article("default", f"a{number}")
            del model[f"a{number}"]
        else:
            model[f"a{number}"] = text(number, version=step)
            add(engine, {f"a{number}": model[f"a{number}"]})
        if rng.random() < 0.1:
            engine.close()
            engine = Engine.open(settings, ToyEncoder())
        probe = rng.randrange(25)
        passages = engine.ask(Ask(question(probe), top_k=50)).passages
        assert {p.article_id: p.text for p in passages} == model
        if f"a{probe}" in model:
            assert passages[0].article_id == f"a{probe}"
    assert engine.check() == []
    engine.close()


def test_a_job_is_resumed_after_a_restart(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    job = engine.submit([article(f"a{n}", text(n)) for n in range(150)] + [article("bad", "")], "jobs")
    assert (job.state, job.total, job.done) == ("queued", 151, 0)
    engine.close()
    reopened = Engine.open(settings, ToyEncoder())
    reopened.start_workers()
    wait_until(lambda: reopened.job(job.id).state == "done")
    finished = reopened.job(job.id)
    assert finished.done == 151
    assert [outcome.outcome for outcome in finished.outcomes] == ["created"] * 150 + ["rejected"]
    assert reopened.ask(Ask(question(77), collection="jobs")).passages[0].article_id == "a77"
    with reopened.catalog.read() as connection:
        assert connection.execute("SELECT count(*) FROM job_items WHERE content IS NOT NULL").fetchone() == (0,)
    reopened.close()


@pytest.mark.of_files
def test_a_newer_catalogue_is_refused(settings: Settings) -> None:
    catalog = SqliteCatalog(settings.data_dir)
    with catalog.read() as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    with catalog.writer_lock(), catalog.write() as tx:
        tx.connection.execute(f"PRAGMA user_version = {version + 1}")
    catalog.close()
    with pytest.raises(Incompatible, match="format"):
        SqliteCatalog(settings.data_dir)


def wait_until(condition: object, seconds: float = 60.0) -> None:
    """Poll a condition; the limit is only there to end a hanging test."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)
