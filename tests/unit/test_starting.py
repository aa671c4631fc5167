"""How a service starts: the engine is opened once, and the encoder comes behind a memory of questions."""

from __future__ import annotations

import threading

import pytest

from embeddings.question_cache import CachingEncoder
from qa_service import assembly
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.http import create_app
from qa_service.http.host import EXTENSION, EngineHost
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
