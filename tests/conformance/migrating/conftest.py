"""A data directory to be moved, and an empty database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.keys import key_file
from qa_service.keys.key import make_key
from tests.conformance.articles import submission
from tests.conformance.migrating.migrations import SEGMENT, web_page
from tests.conftest import add
from tests.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Settings:
    """A data directory with articles that were replaced and deleted, copies, furniture, a job, two collections."""
    data_dir = tmp_path_factory.mktemp("made") / "data"
    settings = Settings(data_dir=data_dir, cache_dir=cache_dir, model="toy", min_confidence=0.0, min_free_mb=0)
    with closing(Engine.open(settings, ToyEncoder())) as engine:
        list(engine.ingest(map(submission, range(24))))
        list(engine.ingest([submission(number, version=1) for number in range(0, 9, 3)]))
        add(engine, {"first": SEGMENT, "second": SEGMENT, "odd": "第一行\0第二行\uffff。\n荔枝！"})
        list(engine.ingest(map(web_page, range(10)), "others"))
        engine.delete_article("default", "a5")
        engine.delete_article("default", "first")
        add(engine, {"last": "江南的枇杷在五月成熟。"})
        engine.delete_article("default", "last")
        engine.submit([submission(40), submission(41)], "default")
    key_file.add_key(settings.data_dir, make_key("reader", ["ask"])[0])
    return settings


@pytest.fixture
def source(made: Settings, tmp_path: Path) -> Settings:
    """The same, for a test alone."""
    shutil.copytree(made.data_dir, tmp_path / "data")
    return made.model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url
