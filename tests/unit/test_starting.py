"""How a service starts: the engine is opened once, and the encoder comes behind a memory of questions."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from embeddings.question_cache import CachingEncoder
from embeddings.toy import ToyEncoder
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Damaged
from qa_service.http import create_app
from qa_service.http.host import EXTENSION, EngineHost
from qa_service.store import directory_use, files
from qa_service.store.sqlite_catalog import SqliteCatalog
from qa_service.types import Ask, Submission


def test_a_host_that_has_begun_opens_nothing_more(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    began = threading.Event()

    def load(_host: EngineHost) -> None:
        opened.append("once")
        began.set()

    monkeypatch.setattr(EngineHost, "_load", load)
    host = EngineHost(settings)
    host.start()
    assert began.wait(30)
    app = create_app(settings, host=host)
    host.start()
    assert app.extensions[EXTENSION] is host
    assert opened == ["once"]


def test_an_engine_that_was_given_is_not_opened(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineHost, "_load", lambda _host: pytest.fail("it was opened"))
    app = create_app(engine.settings, engine)
    assert app.extensions[EXTENSION].engine() is engine


def test_a_directory_that_a_host_makes_is_there_after_a_power_cut(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Damaged("it is not opened in this test")

    monkeypatch.setattr(Engine, "open", refuse)
    steps: list[tuple[str, Path]] = []
    files.watchers.append(lambda step: steps.append((step.action, step.path)))
    host = EngineHost(settings.model_copy(update={"data_dir": tmp_path / "srv" / "data"}))
    try:
        host.start()
        assert host.wait(30)
    finally:
        host.close()
        files.watchers.clear()
    for made in (tmp_path / "srv", tmp_path / "srv" / "data"):
        assert steps.index(("synced directory", made.parent), steps.index(("made directory", made)))


def in_use(data_dir: Path) -> bool:
    """Tell whether somebody holds the directory: in this process too, as each opening has a lock of its own."""
    with (data_dir / directory_use.NAME).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("failing", ["load_parts", "AdjustmentFile.check", "OpenedCollections.recover", "indexes"])
def test_an_engine_that_cannot_be_opened_holds_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    class Failed(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise Failed

    closed: list[object] = []
    close = SqliteCatalog.close
    monkeypatch.setattr(SqliteCatalog, "close", lambda catalog: (closed.append(catalog), close(catalog)))
    place = "assembly" if failing in ("load_parts", "indexes") else "engine"
    with monkeypatch.context() as patch:
        patch.setattr(f"qa_service.{place}.{failing}", fail)
        with pytest.raises(Failed) as raised:
            Engine.open(settings, ToyEncoder())
        # The frames that the error keeps are what would have kept the catalogue alive.
        assert raised.tb is not None and not in_use(settings.data_dir)
    assert closed and not any(catalog._opened for catalog in closed)  # type: ignore[attr-defined]
    engine = Engine.open(settings, ToyEncoder())
    assert in_use(settings.data_dir)
    engine.close()
    assert not in_use(settings.data_dir)


def test_a_catalogue_that_cannot_be_opened_holds_nothing(settings: Settings) -> None:
    SqliteCatalog(settings.data_dir).close()
    settings.data_dir.joinpath("catalog.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(Damaged) as raised:
        SqliteCatalog(settings.data_dir)
    assert raised.tb is not None and not in_use(settings.data_dir)


def test_the_encoder_remembers_as_many_questions_as_the_settings_say(settings: Settings) -> None:
    kept = assembly.load_model(settings.model_copy(update={"model": "toy", "question_cache": 1}))
    assert isinstance(kept, CachingEncoder)
    for text in ("a", "b", "b", "a"):
        kept.encode_queries([text])
    assert kept.cache_counts() == (1, 3)
    off = assembly.load_model(settings.model_copy(update={"model": "toy", "question_cache": 0}))
    assert isinstance(off, CachingEncoder)
    for _ in range(2):
        off.encode_queries(["a"])
    assert off.joined_counts().texts == 2


def test_nothing_of_a_question_reaches_the_data_directory(settings: Settings) -> None:
    with_toy = settings.model_copy(update={"model": "toy"})
    engine = Engine.open(with_toy)
    list(engine.ingest([Submission("青河公园每天早上六点开门。".encode(), "park")]))
    secret = "绝密口令是什么时候更换的"
    engine.ask(Ask(secret))
    engine.close()
    for path in with_toy.data_dir.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
