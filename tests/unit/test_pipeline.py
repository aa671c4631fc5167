"""Stages in threads: order, errors, early ends, bounded work ahead; and the ingest that runs on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from embeddings.encoder import Vectors
from embeddings.toy import ToyEncoder
from qa_service import assembly, ingest
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.ingest import Ingestor
from qa_service.pipeline import Pipeline
from qa_service.store.segments import Block
from qa_service.types import Outcome, Submission
from tests.conftest import add, article


class Failure(Exception):
    pass


def nothing() -> None:
    pass


def text(number: int, *more: str) -> str:
    return "\n".join((f"第{number}号货仓位于城市的东郊。", f"它的负责人编号是{number * 7 + 3}。", *more))


def stages() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name in ("qa-draft", "qa-encode")}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH_ARTICLES", 4)


def test_items_come_in_order_through_all_stages() -> None:
    with Pipeline(nothing) as pipeline:
        first = pipeline.ahead(iter(range(100)), "one")
        second = pipeline.ahead((number * 2 for number in first), "two")
        assert list(second) == list(range(0, 200, 2))


def test_a_stage_is_only_so_far_ahead() -> None:
    made: list[int] = []

    def make() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with Pipeline(nothing) as pipeline:
        items = pipeline.ahead(make(), "one", depth=2)
        for taken in range(50):
            assert next(items) == taken
            # Two wait, and one more may have been made that waits for room.
            assert len(made) <= taken + 1 + 2 + 1
        with pytest.raises(StopIteration):
            next(items)


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def make() -> Iterator[int]:
        yield 1
        yield 2
        raise Failure

    taken = []
    with pytest.raises(Failure), Pipeline(nothing) as pipeline:
        first = pipeline.ahead(make(), "one")
        for number in pipeline.ahead((number for number in first), "two"):
            taken.append(number)
    assert taken == [1, 2]
    assert not {"one", "two"} & {thread.name for thread in threading.enumerate()}


def test_leaving_ends_the_threads_and_closes_what_they_made_it_from() -> None:
    closed, ended = [], []

    def make() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(threading.current_thread().name)

    with Pipeline(lambda: ended.append(threading.current_thread().name)) as pipeline:
        first = pipeline.ahead(make(), "one")
        assert next(pipeline.ahead((number for number in first), "two")) == 0
    assert closed == ["one"]
    assert sorted(ended) == ["one", "two"]
    assert not {"one", "two"} & {thread.name for thread in threading.enumerate()}


@pytest.mark.usefixtures("small_batches")
def test_outcomes_come_in_order_each_when_it_is_durable_and_found(engine: Engine) -> None:
    given = [article(f"a{n}", "" if n % 9 == 5 else text(n)) for n in range(40)]
    seen: list[Outcome] = []
    for outcome in engine.ingest(given):
        if outcome.outcome == "created":
            assert engine.article("default", outcome.id).summary.id == outcome.id
            assert engine.opened.snapshot("default").seq > 0  # type: ignore[union-attr]
        seen.append(outcome)
    assert [outcome.id for outcome in seen] == [submission.id for submission in given]
    assert {outcome.outcome for outcome in seen[5::9]} == {"rejected"}
    assert engine.check() == []
    assert stages() == set()


@pytest.mark.usefixtures("small_batches")
def test_an_ingest_that_is_left_early_keeps_what_it_gave_and_no_thread(engine: Engine) -> None:
    read: list[int] = []

    def submissions() -> Iterator[Submission]:
        for number in range(400):
            read.append(number)
            yield article(f"a{number}", text(number))

    outcomes = engine.ingest(submissions())
    taken = [next(outcomes).id for _ in range(6)]
    assert stages() == {"qa-draft", "qa-encode"}
    outcomes.close()  # type: ignore[attr-defined]
    assert stages() == set()
    assert len(read) < 100
    kept = {summary.id for summary in engine.articles("default", 100).articles}
    assert set(taken) <= kept
    assert len(kept) == 8
    assert engine.check() == []


@pytest.mark.usefixtures("small_batches")
def test_what_a_stage_raises_is_raised_by_the_ingest(settings: Settings) -> None:
    class Fails(ToyEncoder):
        def encode_passages(self, texts: Sequence[str]) -> Vectors:
            if any("第21号" in one for one in texts):
                raise Failure
            return super().encode_passages(texts)

    engine = Engine.open(settings, Fails())
    seen: list[str] = []
    with pytest.raises(Failure):
        for outcome in engine.ingest([article(f"a{n}", text(n)) for n in range(60)]):
            seen.append(outcome.id)
    assert seen == [f"a{n}" for n in range(20)]
    assert stages() == set()
    assert engine.check() == []

    def broken() -> Iterator[Submission]:
        yield from (article(f"b{n}", text(n)) for n in range(10))
        raise Failure

    with pytest.raises(Failure):
        list(engine.ingest(broken(), "other"))
    assert len(engine.articles("other", 100).articles) == 8
    assert stages() == set()
    engine.close()


def test_few_articles_need_no_threads(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(Pipeline, "ahead", refuse)
    assert [outcome.outcome for outcome in add(engine, {f"a{n}": text(n) for n in range(20)})] == ["created"] * 20


def test_threads_leave_no_connections(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH_ARTICLES", 4)
    for turn in range(3):
        add(engine, {f"a{turn}-{n}": text(n) for n in range(12)})
        assert len(engine.catalog._opened) == 1


@pytest.mark.usefixtures("small_batches")
def test_an_ingest_that_is_wanted_no_more_ends_before_the_next_batch(engine: Engine) -> None:
    wanted = [True]
    batches = []
    for outcomes in engine.taking_in.ingest_batches(
        (article(f"a{n}", text(n)) for n in range(40)), "c", lambda: wanted[0]
    ):
        batches.append(outcomes)
        wanted[0] = len(batches) < 3
    assert [len(outcomes) for outcomes in batches] == [4, 4, 4]
    assert len(engine.articles("c", 100).articles) == 12


def test_a_sentence_of_several_articles_is_encoded_once(
    engine: Engine, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BATCH_ARTICLES", 2)
    # Of more articles it would be page furniture, and their windows be encoded again without it.
    add(engine, {f"a{n}": text(n, "本仓库由市政府统一管理，任何人不得擅自进入。") for n in range(4)})
    # A window and two sentences each of their own, and the one that all have.
    assert encoder.passages_encoded == 4 * 3 + 1
    assert engine.check() == []


def test_a_new_version_keeps_the_vectors_of_its_old_sentences(settings: Settings) -> None:
    before, after = text(1, "第三句说的是别的事情。"), text(1, "第三句已经改写过了。", "又添了一句新的话。")
    first = Engine.open(settings, ToyEncoder())
    add(first, {"a": before})
    first.close()
    # Another process, which has encoded nothing yet.
    encoder = ToyEncoder()
    second = Engine.open(settings, encoder)
    assert [outcome.outcome for outcome in add(second, {"a": after})] == ["updated"]
    assert encoder.passages_encoded == 3
    fresh = ToyEncoder()
    with second.catalog.read() as connection:
        rows = connection.execute("SELECT segment, slot, vectors, vectors_crc FROM passages WHERE deleted_seq IS NULL")
        (place,) = rows.fetchall()
    stored = second.segments.read(Block(*place))
    assert stored == pytest.approx(fresh.encode_passages([after, *after.split("\n")]))
    assert second.check() == []
    second.close()


def test_the_old_code_path_and_the_stages_store_the_same(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {f"a{n}": text(n, "分享到微信朋友圈", "本仓库由市政府统一管理。") for n in range(30)}

    def stored(name: str) -> list[tuple[object, ...]]:
        engine = Engine.open(settings.model_copy(update={"data_dir": settings.data_dir / name}), ToyEncoder())
        add(engine, given)
        with engine.catalog.read() as connection:
            rows = connection.execute(
                "SELECT a.id, p.start, p.sentences, p.omitted, p.units, p.words, p.block_hash FROM passages p"
                " JOIN articles a ON a.row = p.article WHERE p.deleted_seq IS NULL ORDER BY a.id, p.start"
            ).fetchall()
        assert engine.check() == []
        engine.close()
        return rows

    whole = stored("one")
    monkeypatch.setattr(ingest, "BATCH_ARTICLES", 4)
    assert stored("many") == whole


def test_an_ingestor_of_its_own_needs_no_shared_vectors(engine: Engine) -> None:
    alone = Ingestor(engine.catalog, engine.segments, engine.generations, engine.encoder, engine.tokenizer, 1000,
                     assembly.repairer(engine.settings))  # fmt: skip
    (outcomes,) = alone.run([article("a", text(1))], "default", lambda _: None)
    assert [outcome.outcome for outcome in outcomes] == ["created"]


def test_a_sentence_of_an_earlier_ingest_is_not_encoded_again(settings: Settings) -> None:
    encoder = ToyEncoder()
    engine = Engine.open(settings, encoder)
    add(engine, {"a": "东区的仓库在河边。\n负责人是林月华。"})
    before = encoder.passages_encoded
    add(engine, {"b": "负责人是林月华。\n西区的仓库在山上。"})
    # The window and the one new sentence.
    assert encoder.passages_encoded == before + 2
    engine.close()
