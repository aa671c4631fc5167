"""A load with Ray gives what the plain one gives, whatever dies on the way. One Ray for all tests of this file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.distributed import loading as loading_module
from qa_service.distributed.loading import Loading
from qa_service.distributed.session import ended_by_sigterm, ray_session
from qa_service.engine import Engine
from qa_service.errors import Incompatible, Unavailable
from qa_service.readers import Source, list_files
from qa_service.store import collections, passages
from qa_service.types import Outcome

if any(find_spec(name) is None for name in ("ray", "pyarrow", "fsspec")):
    pytest.skip("qa-service[ray] is not installed", allow_module_level=True)

MAX_BYTES = 1 << 20
ROWS = 2000
"""More than are taken at a time, so that a command can be ended in between."""
FOOTER = "晨光日报客户端 看见更大的世界"
Stored = dict[str, tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    # The workers import this checkout, wherever the tests were started.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[2]), before or ""]))
    with ray_session(None, 2) as session:
        yield session
    os.environ.pop("PYTHONPATH")
    if before is not None:
        os.environ["PYTHONPATH"] = before


def opened(where: Path, cache_dir: Path) -> Engine:
    settings = Settings(data_dir=where, cache_dir=cache_dir, model="toy-64", min_confidence=0.0, min_free_mb=0)
    return Engine.open(settings, ToyEncoder(64, "toy-64"), asking=False)


def load(ray: Any, engine: Engine, path: Path, workers: int = 2) -> Loading:
    return Loading(ray, engine, list_files([path]), "default", workers, MAX_BYTES)


def stored(engine: Engine) -> Stored:
    """Give the block hash and the vectors of each passage."""
    found: Stored = {}
    with engine.catalog.read() as connection:
        row = collections.get(connection, "default").row
        articles = [
            row
            for (row,) in connection.execute(
                "SELECT row FROM articles WHERE collection = ? AND deleted_seq IS NULL", (row,)
            )
        ]
        for article in articles:
            for passage, block_hash, block in passages.blocks_of_article(connection, article):
                found[passage.passage_id] = block_hash, np.asarray(engine.segments.read(block)).tobytes()
    return found


def encoded(engine: Engine) -> int:
    encoder = engine.encoder
    assert isinstance(encoder, ToyEncoder)
    return encoder.passages_encoded


def lines(path: Path, first: int, count: int) -> None:
    with path.open("a", encoding="utf-8") as file:
        for number in range(first, first + count):
            text = f"第{number}座桥的大修在去年秋天完成。工程师花了{number + 3}个夜晚，住在桥边的人说下着很大的雨。"
            file.write(json.dumps({"id": f"row-{number}", "text": text, "url": f"https://a.example/{number}"}) + "\n")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Files of every kind, good and bad, among them pages of one site with the same last line."""
    import pyarrow as pa
    from pyarrow import parquet

    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(24):
        body = f"<p>{number}号植物园的大修在去年秋天完成，工程师花了{number + 5}个夜晚。</p>"
        link = f'<link rel="canonical" href="https://news.example/{number}">'
        head, end = f"<head>{link}<title>第{number}页</title></head>", f"<p>{FOOTER}</p>"
        page = f"<html>{head}<body><article>{body}{end}</article></body></html>"
        (folder / f"page-{number:02}.html").write_text(page, encoding="utf-8")
    (folder / "note.txt").write_text("夜间门诊晚上八点开门。", encoding="gb18030")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "large.txt").write_bytes(b"x" * (MAX_BYTES + 1))
    lines(folder / "rows.jsonl", 0, 300)
    (folder / "bad.jsonl").write_text('{"id": "row-1", "text": "又一次。"}\n{"id": 3.5}\n{\n', encoding="utf-8")
    (folder / "cells.csv").write_text("id,text\nsix,第六篇。\nseven\n", encoding="utf-8")
    rows = [{"id": f"table-{number}", "text": f"第{number}班夜车凌晨三点从码头开出。"} for number in range(40)]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "table.parquet")
    return folder


def test_it_is_what_the_plain_path_makes(ray: Any, mixed: Path, tmp_path: Path, cache_dir: Path) -> None:
    with closing(opened(tmp_path / "plain", cache_dir)) as plain, closing(opened(tmp_path / "ray", cache_dir)) as other:
        source, loading = Source(list_files([mixed]), MAX_BYTES), load(ray, other, mixed)
        expected = list(plain.ingest(source))
        assert list(other.ingest(loading)) == expected
        assert {item.outcome for item in expected} == {"created", "rejected"}
        assert loading.unreadable == source.unreadable and len(source.unreadable) == 2
        assert stored(other) == stored(plain)
        # What it encoded itself are windows that furniture learnt meanwhile made anew.
        assert encoded(other) < encoded(plain) / 4
        before = encoded(other)
        again = list(other.ingest(load(ray, other, mixed)))
        assert {item.outcome for item in again} == {"unchanged", "rejected"}
        assert encoded(other) == before


# What Ray says will be gone.
@pytest.mark.filterwarnings("error:.*ray_remote_args.*")
def test_what_is_there_is_neither_cut_nor_encoded_again(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines(rows, 0, 60)
    with closing(opened(tmp_path / "data", cache_dir)) as engine:
        list(engine.ingest(Source(list_files([rows]))))
        lines(rows, 60, 5)
        made = list(load(ray, engine, rows))
        assert [item.draft is None for item in made if not hasattr(item, "content")] == [True] * 60 + [False] * 5  # type: ignore[union-attr]


def test_an_article_that_another_writer_took_meanwhile(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines(rows, 0, 10)
    with closing(opened(tmp_path / "data", cache_dir)) as engine:
        made = list(load(ray, engine, rows))
        list(engine.ingest(Source(list_files([rows]))))
        assert [item.outcome for item in engine.ingest(made)] == ["unchanged"] * 10


def test_a_worker_that_is_killed(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines(rows, 0, 600)
    with closing(opened(tmp_path / "plain", cache_dir)) as plain, closing(opened(tmp_path / "ray", cache_dir)) as other:
        outcomes: list[Outcome] = []
        for outcome in other.ingest(load(ray, other, rows)):
            if not outcomes:
                killed = workers()
                os.kill(killed[0], signal.SIGKILL)
            outcomes.append(outcome)
        list(plain.ingest(Source(list_files([rows]))))
        assert [item.outcome for item in outcomes] == ["created"] * 600
        assert stored(other) == stored(plain)
        assert encoded(other) == 0


def test_workers_that_die_again_and_again(
    ray: Any, tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying:
        def __init__(self, **_: object) -> None: ...

        def __call__(self, table: Any) -> Any:
            os._exit(9)

    lines(tmp_path / "rows.jsonl", 0, 3)
    monkeypatch.setattr(loading_module, "Working", Dying)
    monkeypatch.setattr(loading_module, "TRIES", 1)
    with closing(opened(tmp_path / "data", cache_dir)) as engine, pytest.raises(Unavailable, match="died again"):
        list(engine.ingest(load(ray, engine, tmp_path / "rows.jsonl", 1)))


def test_a_worker_of_another_version_takes_no_part(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    lines(tmp_path / "rows.jsonl", 0, 3)
    with closing(opened(tmp_path / "data", cache_dir)) as engine:
        loading = load(ray, engine, tmp_path / "rows.jsonl", 1)
        loading._order = replace(loading._order, pipeline="another")
        with pytest.raises(Incompatible, match="install the same version and model on every node"):
            list(engine.ingest(loading))


def test_what_a_worker_cannot_do_is_told(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    lines(tmp_path / "rows.jsonl", 0, 3)
    with closing(opened(tmp_path / "data", cache_dir)) as engine:
        loading = load(ray, engine, tmp_path / "rows.jsonl", 1)
        loading._order = replace(loading._order, settings=None)  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="a worker failed: AttributeError: 'NoneType'"):
            list(engine.ingest(loading))


def test_sigterm_ends_a_wait_and_not_the_process(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def asleep() -> None:
        time.sleep(600)

    waited, before = asleep.remote(), signal.getsignal(signal.SIGTERM)
    assert callable(before) and before.__module__ == ended_by_sigterm.__module__  # That of the session.
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        # Ray's own would end the process with its stacks, or never.
        with pytest.raises(SystemExit) as caught, ended_by_sigterm():
            ray.get(waited)
        assert caught.value.code == 143
    finally:
        signal.signal(signal.SIGTERM, before)
        ray.cancel(waited, force=True)


def test_the_command_ended_and_given_again(ray: Any, tmp_path: Path, cache_dir: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines(rows, 0, ROWS)
    # All at once, since each waits for most of its time.
    ways = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}
    drivers = {how: begun(rows, tmp_path / how.name, cache_dir) for how in ways}
    with ThreadPoolExecutor() as pool:
        told = dict(
            zip(ways, pool.map(ended, drivers.values(), (tmp_path / how.name for how in ways), ways), strict=True)
        )
    deadline = time.monotonic() + 300
    for how, code in ways.items():
        assert drivers[how].returncode == code and "Traceback" not in told[how], told[how]
        assert 0 < committed(tmp_path / how.name) < ROWS, told[how]
        left = f"qa-ray-{drivers[how].pid}-"
        while (alive := processes(left)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert alive == []
        if how != signal.SIGKILL:
            assert not list(Path("/tmp").glob(f"{left}*"))
    data = tmp_path / signal.SIGKILL.name
    count = committed(data)
    with closing(opened(data, cache_dir)) as engine:
        made = list(load(ray, engine, rows))
        assert sum(item.draft is None for item in made if not hasattr(item, "content")) == count  # type: ignore[union-attr]
        outcomes = [item.outcome for item in engine.ingest(made)]
        assert outcomes == ["unchanged"] * count + ["created"] * (ROWS - count)


def begun(rows: Path, data: Path, cache_dir: Path) -> subprocess.Popen[str]:
    """Give the command, in a session of its own."""
    given = {"QA_MODEL": "toy-64", "QA_DATA_DIR": str(data), "QA_CACHE_DIR": str(cache_dir), "QA_MIN_FREE_MB": "0"}
    given |= {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "QA_REPAIR": "true"}
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return subprocess.Popen(
        [sys.executable, "-m", "qa_service", "ingest", str(rows), "--engine", "ray", "--workers", "1"],
        env=ours | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Where the tests themselves were started in the background, Ctrl-C is ignored, and children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def ended(driver: subprocess.Popen[str], data: Path, how: signal.Signals) -> str:
    """End a command once it has taken something; give what it told."""
    with driver:
        deadline = time.monotonic() + 300
        while not committed(data) and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        # Ctrl-C reaches every process of the terminal, the others just one.
        os.killpg(driver.pid, how) if how == signal.SIGINT else os.kill(driver.pid, how)
        return driver.communicate()[0]


def committed(data: Path) -> int:
    if not (data / "catalog.sqlite3").exists():
        return 0
    import sqlite3

    with closing(sqlite3.connect(f"file:{data / 'catalog.sqlite3'}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM articles WHERE deleted_seq IS NULL").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def processes(words: str) -> list[int]:
    """Find the processes that have words in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if words in line:
            found.append(int(entry.name))
    return found


def workers() -> list[int]:
    """Find this Ray's processes that encode: children of a child of this one."""
    return [pid for pid in processes("MapWorker(MapBatches(Working))") if parent(parent(pid)) == os.getpid()]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
