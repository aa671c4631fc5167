"""One writer at a time, across processes, and readers that never wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Unavailable
from qa_service.index.generation_dir import GenerationDir
from qa_service.library import Library
from qa_service.store import writer_lock
from qa_service.store.opening import open_catalog
from qa_service.types import Ask
from tests.conftest import add, article
from tests.unit.test_generations import question, text, wait_until

pytestmark = pytest.mark.both_catalogues

_HOLD = """
import sys
from pathlib import Path
from qa_service.config import Settings
from qa_service.store.opening import open_catalog
catalog = open_catalog(Settings(data_dir=Path(sys.argv[1])))
with catalog.writer_lock(), catalog.write():
    print("held", flush=True)
    sys.stdin.read()
"""
_INGEST = """
import sys
from pathlib import Path
from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Submission
data, cache, name = sys.argv[1:]
engine = Engine.open(Settings(data_dir=Path(data), cache_dir=Path(cache), model="toy"), ToyEncoder())
for n in range(30):
    given = Submission(f"{name}的第{n}号报告说明了情况。".encode(), f"{name}{n}", charset="utf-8")
    [outcome] = engine.ingest([given])
    print(outcome.outcome, flush=True)
engine.close()
"""


def started(script: str, settings: Settings, *arguments: object) -> subprocess.Popen[str]:
    catalog = {"QA_CATALOG": settings.catalog.get_secret_value()} if settings.catalog else {}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(settings.data_dir), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "QA_BACKGROUND": "thread", **catalog},
    )


def test_readers_do_not_wait_for_another_process_that_writes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})
    with started(_HOLD, settings) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr(writer_lock, "LOCK_TIMEOUT_S", 0.0)
        assert engine.ask(Ask(question(1))).passages[0].article_id == "a"
        # Neither does opening what is there.
        another = Engine.open(settings, ToyEncoder())
        assert another.ask(Ask(question(1))).passages[0].article_id == "a"
        another.close()
        library = Library.open(settings)
        assert [one.id for one in library.articles("default").articles] == ["a"]
        library.close()
        with pytest.raises(Unavailable, match=rf"another process \(.*{holder.pid}\) has been writing") as caught:
            add(engine, {"b": text(2)})
        assert caught.value.remedy is not None
        holder.kill()
    # Its lock went with it.
    monkeypatch.undo()
    add(engine, {"b": text(2)})
    assert engine.check() == []
    engine.close()


def test_a_thread_of_ones_own_is_called_that(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = open_catalog(settings)
    monkeypatch.setattr(writer_lock, "LOCK_TIMEOUT_S", 0.0)
    with (
        catalog.writer_lock(),
        pytest.raises(Unavailable, match="another thread of this process"),
        catalog.writer_lock(),
    ):
        pass
    catalog.close()


def test_two_ingests_at_once_while_others_ask_and_delete(settings: Settings, cache_dir: Path) -> None:
    engine = Engine.open(settings, ToyEncoder())
    engine.start_workers()
    add(engine, {f"a{n}": text(n) for n in range(20)})
    ended, wrong, gone = threading.Event(), [], set()

    def ask() -> None:
        while not ended.is_set():
            before = set(gone)
            found = {p.article_id for p in engine.ask(Ask(question(3), top_k=100)).passages}
            if found & before or not {f"a{n}" for n in range(10, 20)} <= found:
                wrong.append((found, before))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    processes = [started(_INGEST, settings, cache_dir, name) for name in ("甲", "乙")]
    for asker in askers:
        asker.start()
    for n in range(10):
        engine.delete_article("default", f"a{n}")
        gone.add(f"a{n}")
    for process in processes:
        out, err = process.communicate()
        assert (out.split(), process.returncode) == (["created"] * 30, 0), err
    ended.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    wanted = {f"{name}{n}" for name in "甲乙" for n in range(30)} | {f"a{n}" for n in range(10, 20)}
    wait_until(lambda: {p.article_id for p in engine.ask(Ask("情况", top_k=100)).passages} == wanted)
    assert engine.check() == []
    engine.close()


def test_a_snapshot_outlives_its_generation(settings: Settings) -> None:
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {f"a{n}": text(n) for n in range(8)})
    engine.compact_everything(erase=False)
    held = engine.opened.snapshot("default")
    assert held is not None
    vector = engine.encoder.encode_queries([question(3)])[0]
    before = held.nominate_windows(vector, 20).tolist()
    for n in range(5):
        engine.delete_article("default", f"a{n}")
        engine.compact_everything(erase=True)
    assert held.nominate_windows(vector, 20).tolist() == before
    with engine.catalog.read() as connection:
        assert sorted(before) == held.spread(connection, 20)
    engine.close()


def test_publishing_that_fails_is_told_as_what_it_is_and_made_good(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa_service.background.LAG_S", 0.1)
    engine = Engine.open(settings, ToyEncoder())
    add(engine, {"a": text(1)})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(GenerationDir, "write_delta", full)
        with pytest.raises(Unavailable, match="is kept, but cannot be searched yet"):
            add(engine, {"b": text(2)})
        engine.start_workers()
        wait_until(lambda: engine.readiness().warnings)
    wait_until(lambda: {p.article_id for p in engine.ask(Ask(question(2))).passages} == {"a", "b"})
    wait_until(lambda: not engine.readiness().warnings)
    assert engine.check() == []
    engine.close()


def test_every_command_of_the_service_takes_the_lock(settings: Settings) -> None:
    """A job's submission is a write too."""
    engine = Engine.open(settings, ToyEncoder())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_lock, "LOCK_TIMEOUT_S", 0.0)
        with engine.catalog.writer_lock():
            for write in (
                lambda: engine.submit([article("x", text(1))], "default"),
                lambda: engine.create_collection("x"),
                lambda: engine.delete_collection("default"),
                lambda: engine.compact_everything(erase=True),
                engine.rebuild,
            ):
                with pytest.raises(Unavailable):
                    write()
    engine.close()
