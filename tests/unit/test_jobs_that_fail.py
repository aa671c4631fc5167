"""An accepted job waits for whatever passes or can be mended; one that cannot be done says so of each article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from qa_service import background
from qa_service.cutting import Cut, Cutting, Learnt
from qa_service.engine import Engine
from qa_service.errors import Damaged, Incompatible, Unavailable
from qa_service.ingest import Ingestor
from qa_service.job_runner import JobRunner
from qa_service.store import jobs
from qa_service.types import Outcome
from qa_service.writing import now
from tests.conftest import add, article
from tests.unit.test_erasing import SECRET, holding
from tests.unit.test_errands import text, wait_until

pytestmark = pytest.mark.both_catalogues


def failing(monkeypatch: pytest.MonkeyPatch, collection: str, error: Exception) -> list[Exception]:
    """Have every ingest into a collection fail; give the list of errors still to come, which a test may empty."""
    errors, run = [error], Ingestor.run

    def raising(self: Ingestor, submissions: object, name: str, *more: object) -> Iterator[Sequence[Outcome]]:
        if name == collection and errors:
            raise errors[0]
        return run(self, submissions, name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingestor, "run", raising)
    return errors


def drain(engine: Engine) -> None:
    JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()


def kept(engine: Engine) -> int:
    with engine.catalog.read() as connection:
        return int(connection.execute("SELECT count(*) FROM job_items WHERE content IS NOT NULL").fetchone()[0])


@pytest.mark.parametrize("error", [Damaged("harmed"), Incompatible("of another model")])
def test_jobs_wait_until_their_collection_is_mended_and_others_overtake_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    errors = failing(monkeypatch, "one", error)
    first = engine.submit([article("a", text(1))], "one")
    second = engine.submit([article("a", text(2))], "one")
    other = engine.submit([article("b", text(3))], "two")
    with pytest.raises(type(error), match=str(error)):
        drain(engine)
    assert engine.job(other.id).state == "done"
    assert [engine.job(one.id).state for one in (first, second)] == ["queued", "queued"]
    errors.clear()
    drain(engine)
    assert [engine.job(one.id).state for one in (first, second)] == ["done", "done"]
    assert engine.article("one", "a").text == text(2)  # in the order in which they were handed in


@pytest.mark.parametrize("error", [Unavailable("the disk is full"), OSError(5, "Input/output error"), MemoryError()])
def test_jobs_wait_for_what_passes(engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    errors = failing(monkeypatch, "one", error)
    job = engine.submit([article("a", text(1))], "one")
    with pytest.raises(type(error)):
        drain(engine)
    assert engine.job(job.id).state == "queued"
    errors.clear()
    drain(engine)
    assert engine.job(job.id).state == "done"


def test_a_job_that_cannot_be_done_rejects_what_it_has_left_and_keeps_none_of_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "one", ValueError("no way"))
    job = engine.submit([article(f"a{n}", text(n)) for n in range(150)], "one")
    drain(engine)
    found = engine.job(job.id)
    assert (found.state, found.error, found.done) == ("failed", "no way", 150)
    assert [one.id for one in found.outcomes] == [f"a{n}" for n in range(150)]
    assert {one.outcome for one in found.outcomes} == {"rejected"}
    assert all("no way" in str(one.reason) and "hand the article in again" in str(one.reason) for one in found.outcomes)
    assert kept(engine) == 0


def test_a_server_goes_on_with_other_work_while_a_job_waits(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "JOBS_POLL_S", 0.05)
    errors = failing(monkeypatch, "one", Damaged("harmed"))
    waiting = engine.submit([article("a", text(1))], "one")
    compacted: list[str] = []
    monkeypatch.setattr(engine.opened, "is_due", lambda name: compacted.append(name) is not None)
    engine.start_workers()
    wait_until(lambda: any("harmed" in warning for warning in engine.readiness().warnings))
    compacted.clear()
    other = engine.submit([article("b", text(2))], "two")
    wait_until(lambda: engine.job(other.id).state == "done")
    wait_until(lambda: "two" in compacted)
    assert engine.job(waiting.id).state == "queued"
    errors.clear()
    wait_until(lambda: engine.job(waiting.id).state == "done")
    wait_until(lambda: not engine.readiness().warnings)


def fail_as_before(engine: Engine, job_id: str) -> None:
    """End a job as earlier versions did, which kept what it had left."""
    with engine.catalog.writer_lock(), engine.catalog.write() as tx:
        jobs.finish(tx, job_id, now(), "no way")


def test_a_deleted_collection_leaves_nothing_of_jobs_that_failed(engine: Engine) -> None:
    add(engine, {"b": text(2)}, "one")
    fail_as_before(engine, engine.submit([article("a", text(1))], "one").id)
    waiting = engine.submit([article("c", text(3))], "two")
    engine.delete_collection("one")
    assert kept(engine) == 1
    drain(engine)
    assert engine.job(waiting.id).state == "done"


@pytest.mark.of_files
def test_erasing_leaves_nothing_of_jobs_that_failed(engine: Engine) -> None:
    fail_as_before(engine, engine.submit([article("a", SECRET)], "one").id)
    waiting = engine.submit([article("c", text(3))], "two")
    assert holding(engine.settings.data_dir, [SECRET.encode()]) != set()
    engine.compact_everything(erase=True)
    assert holding(engine.settings.data_dir, [SECRET.encode()]) == set()
    drain(engine)
    assert engine.article("two", "c").text == text(3)
    assert engine.job(waiting.id).state == "done"


def test_an_article_that_nobody_expected_keeps_no_other_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = Cutting.cut

    def failing_on_one(self: Cutting, given: str, learnt: Learnt) -> Cut:
        if given == text(2):
            raise IndexError("string index out of range")
        return cut(self, given, learnt)

    monkeypatch.setattr(Cutting, "cut", failing_on_one)
    job = engine.submit([article(f"a{n}", text(n)) for n in range(1, 4)], "one")
    drain(engine)
    found = engine.job(job.id)
    assert (found.state, [one.outcome for one in found.outcomes]) == ("done", ["created", "rejected", "created"])
    assert found.outcomes[1].reason == (
        "it cannot be processed: IndexError: string index out of range"
        " (leave it out, and report it with what the log says)"
    )
    assert engine.article("one", "a3").text == text(3)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_what_passes_rejects_no_article(engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing_once(*_: object) -> Cut:
        monkeypatch.undo()
        raise error

    monkeypatch.setattr(Cutting, "cut", failing_once)
    job = engine.submit([article("a", text(1))], "one")
    with pytest.raises(type(error)):
        drain(engine)
    assert engine.job(job.id).state == "queued"
    drain(engine)
    assert [one.outcome for one in engine.job(job.id).outcomes] == ["created"]
