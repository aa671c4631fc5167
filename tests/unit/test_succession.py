"""A rebuild with another model is made beside the index in use, and takes over with everything that came meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import succession
from qa_service.backup.making import make
from qa_service.backup.restoring import restore
from qa_service.catching_up import CatchingUp
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errand_process import _compact, _work_on_jobs
from qa_service.errands import Order
from qa_service.errors import Incompatible, Superseded, Unavailable
from qa_service.job_runner import JobRunner
from qa_service.library import Library
from qa_service.store import directory_use, successor
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.types import Ask, Submission
from tests.conftest import add, article
from tests.unit.test_generations import question, text

OTHER = "toy-64"


@pytest.fixture
def other(settings: Settings) -> Settings:
    """The settings with another model."""
    return settings.model_copy(update={"model": OTHER})


def rebuilder(settings: Settings) -> Engine:
    return Engine.open(settings, recover=False, asking=False)


def ignored(_total: int) -> Callable[[int], None]:
    return lambda _more: None


def built(settings: Settings) -> bool:
    with closing(rebuilder(settings)) as engine:
        return succession.build(engine, ignored)


def held(engine: Engine, collection: str = "default") -> dict[str, str]:
    page = engine.articles(collection, 200)
    return {one.id: engine.article(collection, one.id).text for one in page.articles}


def found(engine: Engine, number: int) -> set[str]:
    return {passage.article_id for passage in engine.ask(Ask(question(number), top_k=50)).passages}


@pytest.fixture
def served(settings: Settings) -> Iterator[Engine]:
    """An engine of a server, over twelve articles."""
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(12)})
    use = directory_use.serving(settings.data_dir)
    yield engine
    use.release()
    engine.close()


def test_without_a_server_it_takes_over_at_once_and_moves_to_its_place(settings: Settings, other: Settings) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {f"a{n}": text(n) for n in range(12)})
        add(engine, {"b": text(100)}, "shelf")
        job = engine.submit([article("late", text(50))], "default")
        ingested = engine.articles("default").articles[0].ingested_at
        before = held(engine)
    assert built(other)
    with closing(Engine.open(other)) as engine:
        assert engine.catalog.root == settings.data_dir
        assert not successor.folder(settings.data_dir).exists()
        assert not (settings.data_dir / ".restore").exists()
        assert engine.check() == []
        assert held(engine) == before
        assert held(engine, "shelf") == {"b": text(100)}
        assert engine.articles("default").articles[0].ingested_at == ingested
        assert found(engine, 3) >= {"a3"}
        with engine.catalog.read() as connection:
            assert {dim for _, dim, _ in engine.segments.committed(connection).values()} == {64}
        # Nothing accepted is lost.
        assert engine.job(job.id).state == "queued"
        JobRunner(engine.catalog, engine.taking_in.ingest_batches, lambda: False).drain()
        assert engine.article("default", "late").text == text(50)
    with pytest.raises(Incompatible, match="qa-service rebuild"):
        Engine.open(settings, ToyEncoder())


def test_given_articles_are_the_same_to_the_next_ingest(settings: Settings, other: Settings) -> None:
    """What is handed in again unchanged is known to be so."""
    page = b"<html><head><title>Stores</title></head><body><p>There are seven stores in the town.</p></body></html>"
    given = Submission(page, "page", "text/html", "utf-8", url="https://example.org/p")
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert [one.outcome for one in engine.ingest([given])] == ["created"]
    assert built(other)
    with closing(Engine.open(other)) as engine:
        assert [one.outcome for one in engine.ingest([given])] == ["unchanged"]


def test_a_server_goes_on_with_all_that_was_written_meanwhile(
    served: Engine, settings: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Engine.open(settings, ToyEncoder())
    wrong: list[set[str]] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            hits = found(served, 5)
            if not {"a5", "a6", "a7"} <= hits:
                wrong.append(hits)

    asker = threading.Thread(target=ask)
    asker.start()
    rounds = CatchingUp.round
    writes = iter(
        [
            lambda: writer.delete_article("default", "a1"),
            lambda: add(writer, {"a2": text(200), "new": text(300)}),
            lambda: add(writer, {"c": text(400)}, "shelf"),
            lambda: served.submit([article("queued", text(500))], "default"),
        ]
    )

    def with_writes(self: CatchingUp, *arguments: object, **named: object) -> int:
        changed = rounds(self, *arguments, **named)  # type: ignore[arg-type]
        if named.get("learn", True):
            for write in writes:
                write()
                return max(changed, 21)
        return changed

    monkeypatch.setattr(CatchingUp, "round", with_writes)
    assert not built(other)
    assert succession.awaits(served)
    # Written since it was offered.
    add(writer, {"last": text(600)})
    writer.delete_article("default", "a3")
    new = succession.take_over(served)
    ended.set()
    asker.join()
    assert wrong == []
    wanted = {f"a{n}": text(n) for n in range(12) if n not in (1, 2, 3)}
    wanted |= {"a2": text(200), "new": text(300), "last": text(600)}
    assert held(new) == wanted
    assert held(new, "shelf") == {"c": text(400)}
    assert found(new, 5) == set(wanted)
    assert new.settings.model == OTHER
    # The old one still answers, as of then, and takes nothing.
    assert found(served, 5) >= {"a5", "a6", "a7"}
    for old in (served, writer):
        with pytest.raises(Superseded, match="rebuild has ended"):
            add(old, {"x": text(700)})
    new.recover()
    assert new.check() == []
    [job] = [new.job(one) for one in _jobs(new)]
    assert (job.state, job.total) == ("queued", 1)
    writer.close()
    add(new, {"x": text(700)})
    with closing(Library.open(settings)) as library:
        assert "x" in {one.id for one in library.articles("default").articles}
    new.close()


def _jobs(engine: Engine) -> list[str]:
    with engine.catalog.read() as connection:
        return [row for (row,) in connection.execute("SELECT id FROM jobs")]


def test_it_moves_to_its_place_when_nobody_uses_the_directory_any_more(
    served: Engine, settings: Settings, other: Settings
) -> None:
    assert not built(other)
    new = succession.take_over(served)
    assert new.catalog.root == successor.folder(settings.data_dir)
    with closing(rebuilder(other)) as engine, pytest.raises(Unavailable, match="not moved to its own place"):
        succession.build(engine, ignored)
    add(new, {"x": text(700)})
    new.close()
    served.close()
    with closing(Engine.open(other)) as engine:
        assert engine.catalog.root == settings.data_dir
        assert "x" in held(engine)
        assert engine.check() == []
    assert not successor.folder(settings.data_dir).exists()


def test_an_article_that_the_new_settings_do_not_take_leaves_all_as_it_was(settings: Settings, other: Settings) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {"a": text(1), "long": text(2) * 50})
    with pytest.raises(Incompatible, match=r"long|characters"):
        built(other.model_copy(update={"max_article_chars": 200}))
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert set(held(engine)) == {"a", "long"}
    assert built(other)


def test_vectors_of_the_same_encoder_are_taken_over(settings: Settings, tmp_path: Path) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {f"a{n}": text(n) for n in range(12)})
    words = tmp_path / "words.txt"
    words.write_text("仓库 = 货仓\n", encoding="utf-8")
    encoder = ToyEncoder()
    with closing(
        Engine.open(settings.model_copy(update={"user_dict": words}), encoder, recover=False, asking=False)
    ) as engine:
        assert succession.is_needed(engine)
        assert succession.build(engine, ignored)
    assert encoder.passages_encoded == 0
    with closing(Engine.open(settings.model_copy(update={"user_dict": words}), encoder)) as engine:
        assert engine.check() == []
        assert len(held(engine)) == 12


def test_an_interrupted_one_is_gone_on_with_and_another_thrown_away(
    settings: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {f"a{n}": text(n) for n in range(12)})

    class Died(BaseException):
        pass

    def died(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(CatchingUp, "_learn", died)
        with pytest.raises(Died):
            built(other)
    assert successor.read_plan(settings.data_dir) is not None
    # What is in use is as it was, and is written on.
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert engine.check() == []
        engine.delete_article("default", "a4")
    encoder = ToyEncoder(64, OTHER)
    with closing(Engine.open(other, encoder, recover=False, asking=False)) as engine:
        assert succession.build(engine, ignored)
    assert encoder.passages_encoded == 0
    with closing(Engine.open(other)) as engine:
        assert set(held(engine)) == {f"a{n}" for n in range(12) if n != 4}
        assert engine.check() == []


def test_two_rebuilds_at_once_are_refused(settings: Settings, other: Settings) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {"a": text(1)})
    with (
        closing(rebuilder(other)) as engine,
        successor.locked(settings.data_dir),
        pytest.raises(Unavailable, match="a rebuild with another model"),
    ):
        succession.build(engine, ignored)


def test_whoever_waited_for_the_lock_of_the_old_one_is_refused(settings: Settings, other: Settings) -> None:
    """The writer's lock is free again, but of something that does not count any more."""
    old = SqliteCatalog(settings.data_dir)
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {"a": text(1)})
        with closing(rebuilder(other)) as rebuilding:
            assert succession.build(rebuilding, ignored)
    with pytest.raises(Superseded), old.writer_lock():
        pass
    old.close()


def test_servers_follow_each_other(served: Engine, settings: Settings, other: Settings) -> None:
    second = Engine.open(settings, ToyEncoder())
    assert not built(other)
    new = succession.take_over(served)
    assert succession.awaits(new) is None
    assert succession.awaits(second) is not None
    with closing(succession.take_over(second)) as follower:
        assert follower.catalog.root == new.catalog.root
        assert succession.awaits(follower) is None
        add(follower, {"x": text(700)})
    assert "x" in held(new)
    second.close()
    new.close()


def test_the_file_that_was_replaced_refuses_writes_of_a_service_that_knows_nothing_of_it(
    served: Engine, settings: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not built(other)
    succession.take_over(served).close()
    monkeypatch.setattr(successor, "is_current", lambda _: False)
    with pytest.raises(sqlite3.IntegrityError, match="restart the service"):
        add(served, {"x": text(700)})


def test_a_backup_is_of_what_counts_and_a_restore_replaces_it(
    served: Engine, settings: Settings, other: Settings, tmp_path: Path
) -> None:
    assert not built(other)
    new = succession.take_over(served)
    add(new, {"x": text(700)})
    file, elsewhere = tmp_path / "backup.tar", tmp_path / "elsewhere"
    make(settings.data_dir, file, indexes=True, advance=unseen)
    restore(file, elsewhere, replace=False, keep_keys=False, advance=unseen)
    with closing(Engine.open(other.model_copy(update={"data_dir": elsewhere}))) as engine:
        assert "x" in held(engine)
        assert engine.check() == []
    add(new, {"y": text(800)})
    new.close()
    served.close()
    restore(file, settings.data_dir, replace=True, keep_keys=False, advance=unseen)
    assert not successor.folder(settings.data_dir).exists()
    with closing(Engine.open(other)) as engine:
        assert {"x"} == {"x", "y"} & set(held(engine))


def unseen(_done: int, _total: int) -> None:
    """Take no notice."""


def everything(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(data_dir.rglob("*")) if path.is_file())


def test_erasing_leaves_nothing_in_what_a_rebuild_has_made(served: Engine, settings: Settings, other: Settings) -> None:
    secret = text(987654)
    add(served, {"secret": secret})
    assert not built(other)
    served.delete_article("default", "secret")
    with successor.locked(settings.data_dir), pytest.raises(Unavailable, match="under way"):
        served.compact_everything(erase=True)
    served.compact_everything(erase=True)
    assert secret.encode() not in everything(settings.data_dir)
    assert not built(other)
    new = succession.take_over(served)
    assert len(held(new)) == 12
    new.close()


def test_erasing_leaves_nothing_in_what_a_rebuild_has_replaced(
    served: Engine, settings: Settings, other: Settings
) -> None:
    secret = text(987654)
    add(served, {"secret": secret})
    assert not built(other)
    new = succession.take_over(served)
    new.delete_article("default", "secret")
    with pytest.raises(Unavailable, match="before the rebuild is still in use"):
        new.compact_everything(erase=True)
    served.close()
    new.compact_everything(erase=True)
    assert secret.encode() not in everything(settings.data_dir)
    assert len(held(new)) == 12
    assert new.check() == []
    new.close()
    with closing(Engine.open(other)) as engine:
        assert engine.catalog.root == settings.data_dir
        assert len(held(engine)) == 12


def test_an_errand_that_was_ordered_for_the_old_index_leaves_the_new_one_alone(
    served: Engine, settings: Settings, other: Settings
) -> None:
    """Its process may start at the moment when the new one takes over."""
    waiting = [served.submit([article("late", text(50))], name) for name in ("default", "fresh")]
    versions, root = served.generations.versions, served.catalog.root
    assert not built(other)
    with closing(succession.take_over(served)) as new:
        assert new.catalog.root != root
        for work, name in (("jobs", None), ("compaction", "default")):
            order = Order(work, settings, versions, root, name)  # type: ignore[arg-type]
            with pytest.raises(Superseded):
                if name is None:
                    _work_on_jobs(order, lambda *_: None, threading.Event())
                else:
                    _compact(order, name)
        assert [new.job(one.id).state for one in waiting] == ["queued", "queued"]
        JobRunner(new.catalog, new.taking_in.ingest_batches, lambda: False).drain()
        assert [new.job(one.id).state for one in waiting] == ["done", "done"]
        assert held(new, "fresh") == {"late": text(50)}
        assert new.check() == []


def test_a_collection_is_not_made_with_other_settings_than_all_others(settings: Settings, other: Settings) -> None:
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        add(engine, {"a": text(1)})
    with closing(Engine.open(other, recover=False)) as engine:
        with pytest.raises(Incompatible, match="qa-service rebuild"):
            add(engine, {"b": text(2)}, "fresh")
        with pytest.raises(Incompatible, match="qa-service rebuild"):
            engine.create_collection("fresh")
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        assert [one.name for one in engine.collections()] == ["default"]
        assert found(engine, 1) == {"a"}
