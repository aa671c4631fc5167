"""Jobs and compactions in processes of low priority: they do the work, survive being killed, and leave none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service import background
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errands import Errands, NotStarted, Order
from qa_service.errors import Unavailable
from qa_service.index import folding
from qa_service.priority import NICENESS
from qa_service.types import Ask
from tests.conftest import add, article

ROOT = Path(__file__).resolve().parents[2]


def text(number: int) -> str:
    return f"第{number}号货仓位于城市的东郊。\n它的负责人编号是{number * 7 + 3}。"


def wait_until(holds: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def children() -> list[int]:
    """List the processes of errands that this one has started and that still run."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").parent.parent.glob("*/children")
    pids = {int(pid) for path in found for pid in path.read_text().split()}
    return [pid for pid in pids if b"errand_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture
def in_processes(settings: Settings) -> Settings:
    return settings.model_copy(update={"background": "process"})


@pytest.fixture
def server(in_processes: Settings) -> Iterator[Engine]:
    engine = Engine.open(in_processes, ToyEncoder())
    yield engine
    engine.close()
    assert children() == []


def test_a_job_is_done_by_a_process_of_low_priority(server: Engine) -> None:
    job = server.submit([article(f"a{n}", text(n)) for n in range(150)] + [article("bad", "")], "jobs")
    server.start_workers()
    wait_until(lambda: [os.getpriority(os.PRIO_PROCESS, pid) for pid in children()] == [NICENESS])
    wait_until(lambda: server.job(job.id).state == "done")
    assert [outcome.outcome for outcome in server.job(job.id).outcomes] == ["created"] * 150 + ["rejected"]
    assert server.ask(Ask("第77号货仓的负责人编号是多少?", collection="jobs")).passages[0].article_id == "a77"
    assert server.encoder.passages_encoded == 0  # type: ignore[attr-defined]


def test_a_job_is_resumed_after_its_process_was_killed(server: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "JOBS_POLL_S", 0.1)
    job = server.submit([article(f"a{n}", text(n)) for n in range(700)], "jobs")
    server.start_workers()
    wait_until(lambda: server.job(job.id).done > 0)
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: server.job(job.id).state == "done")
    assert {outcome.outcome for outcome in server.job(job.id).outcomes} <= {"created", "unchanged"}
    assert len(server.job(job.id).outcomes) == 700
    wait_until(lambda: not server.readiness().warnings)
    assert server.check() == []


def test_a_compaction_is_done_by_a_process_without_an_encoder(
    in_processes: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "COMPACT_PASSAGES", 5)
    # A model that cannot be loaded: the process must do without.
    server = Engine.open(in_processes.model_copy(update={"model": "nowhere"}), ToyEncoder())
    server.start_workers()
    add(server, {f"a{n}": text(n) for n in range(8)})
    wait_until(lambda: "-0" not in server.collections()[0].generation)
    wait_until(lambda: server.opened.snapshot("default").base is not None)  # type: ignore[union-attr]
    assert server.ask(Ask("第7号货仓的负责人编号是多少?")).passages[0].article_id == "a7"
    assert server.readiness().warnings == ()
    assert server._background._alone is False
    server.close()


def test_stopping_ends_the_errand(server: Engine) -> None:
    job = server.submit([article(f"a{n}", text(n)) for n in range(700)], "jobs")
    server.start_workers()
    wait_until(lambda: bool(children()))
    server.close()
    assert children() == []
    reopened = Engine.open(server.settings.model_copy(update={"background": "thread"}), ToyEncoder())
    assert reopened.job(job.id).state in ("queued", "running")
    reopened.start_workers()
    wait_until(lambda: reopened.job(job.id).state == "done")
    assert len(reopened.articles("jobs", 200).articles) == 200
    reopened.close()


def test_an_errand_does_not_outlive_a_killed_server(in_processes: Settings) -> None:
    engine = Engine.open(in_processes, ToyEncoder())
    engine.submit([article(f"a{n}", text(n)) for n in range(700)], "jobs")
    engine.close()
    program = (
        "import sys, time; from qa_service.config import Settings; from qa_service.engine import Engine\n"
        "engine = Engine.open(Settings()); engine.start_workers(); print('ready', flush=True); time.sleep(600)"
    )
    environment = {"QA_DATA_DIR": str(in_processes.data_dir), "QA_CACHE_DIR": str(in_processes.cache_dir)}
    environment |= {"QA_MODEL": "toy", "QA_BACKGROUND": "process", "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"

    def errands() -> list[int]:
        tasks = Path(f"/proc/{server.pid}/task").glob("*/children")
        return [int(pid) for path in tasks for pid in path.read_text().split()]

    wait_until(lambda: bool(errands()))
    pids = errands()
    server.kill()
    server.communicate()
    wait_until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids))


def test_what_no_process_can_do_is_done_by_a_thread(in_processes: Settings) -> None:
    # Its vectors are none that the settings would give: the process must refuse.
    server = Engine.open(in_processes, ToyEncoder(name="another"))
    job = server.submit([article("a1", text(1))], "jobs")
    server.start_workers()
    wait_until(lambda: server.job(job.id).state == "done")
    assert server.encoder.passages_encoded > 0  # type: ignore[attr-defined]
    server.close()


def test_a_process_that_cannot_be_started_says_so(in_processes: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.open(in_processes, ToyEncoder())
    order = Order("jobs", in_processes, engine.generations.versions, engine.catalog.root)
    engine.close()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NotStarted):
        Errands().run(order)


def test_a_failed_errand_tells_why(in_processes: Settings) -> None:
    engine = Engine.open(in_processes, ToyEncoder())
    add(engine, {"a1": text(1)})
    order = Order("compaction", in_processes, engine.generations.versions, engine.catalog.root, "default")
    engine.close()
    (in_processes.data_dir / "catalog.sqlite3").write_bytes(b"spoilt" * 1000)
    with pytest.raises(Unavailable, match="catalogue cannot be read"):
        Errands().run(order)


def test_an_order_keeps_keys_to_itself(in_processes: Settings) -> None:
    engine = Engine.open(in_processes, ToyEncoder())
    settings = Settings(data_dir=in_processes.data_dir, api_key="secret-key-of-the-service", background="process")  # type: ignore[arg-type]
    order = Order("jobs", settings, engine.generations.versions, engine.catalog.root)
    engine.close()
    assert "secret" not in order.to_json()
    without_key = settings.model_copy(update={"api_key": None})
    assert Order.from_json(order.to_json()) == Order("jobs", without_key, order.versions, order.root)
