"""What was committed but could not be published is searchable once whoever tries again is told that all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_service.engine import Engine
from qa_service.errors import NotFound, Unavailable
from qa_service.job_runner import JobRunner
from qa_service.store import files
from qa_service.types import Ask
from tests.conftest import add, article
from tests.unit.test_generations import question, text

pytestmark = pytest.mark.both_catalogues


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have no generation become the current one until it is undone."""
    put = files.put

    def failing(path: Path, data: bytes) -> None:
        if path.name == "CURRENT":
            raise OSError(28, "No space left on device")
        put(path, data)

    monkeypatch.setattr(files, "put", failing)
    return monkeypatch


def found(engine: Engine, number: int) -> set[str]:
    return {p.article_id for p in engine.ask(Ask(question(number), top_k=50)).passages}


@pytest.fixture
def filled(engine: Engine) -> Engine:
    add(engine, {f"a{n}": text(n) for n in range(3)})
    assert found(engine, 1) == {"a0", "a1", "a2"}
    return engine


def test_an_unchanged_article_is_searchable(filled: Engine, full_disk: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="No space left"):
        add(filled, {"b": text(7)})
    full_disk.undo()
    assert [one.outcome for one in add(filled, {"b": text(7)})] == ["unchanged"]
    assert found(filled, 7) == {"a0", "a1", "a2", "b"}


def test_a_publication_that_fails_again_is_told_again(filled: Engine, full_disk: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match="No space left"):
            add(filled, {"b": text(7)})
    full_disk.undo()


def test_a_deleted_article_is_gone(filled: Engine, full_disk: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="No space left"):
        filled.delete_article("default", "a1")
    full_disk.undo()
    with pytest.raises(NotFound):
        filled.delete_article("default", "a1")
    assert found(filled, 1) == {"a0", "a2"}


def test_a_job_is_not_done_before_its_articles_are_searchable(filled: Engine, full_disk: pytest.MonkeyPatch) -> None:
    job = filled.submit([article("b", text(7))], "default")
    runner = JobRunner(filled.catalog, filled.taking_in.ingest_batches, lambda: False)
    for _ in range(2):
        with pytest.raises(Unavailable, match="No space left"):
            runner.drain()
        assert filled.job(job.id).state == "running"
    full_disk.undo()
    runner.drain()
    assert filled.job(job.id).state == "done"
    filled.opened.refresh("default")
    assert found(filled, 7) == {"a0", "a1", "a2", "b"}
