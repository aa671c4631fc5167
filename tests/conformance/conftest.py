"""Each index over each catalogue: the same tests hold for all of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer

# Milvus over SQLite is in `test_losses` and `migrating`: in Milvus Lite each test takes seconds.
PLACES = [
    pytest.param(("local", "sqlite"), id="local-sqlite"),
    pytest.param(("local", "postgres"), id="local-postgres"),
    pytest.param(("milvus", "postgres"), id="milvus-postgres"),
]

Opened = Callable[..., Engine]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Where index and catalogue are."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def stored(place: tuple[str, str], tmp_path: Path, cache_dir: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings over empty stores of the kinds that `place` names."""
    index, catalogue = place
    given: dict[str, Any] = {}
    if index == "milvus":
        server: MilvusTestServer = request.getfixturevalue("milvus_server")
        given["index"] = server.database()
    if catalogue == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        stack = ExitStack()
        request.addfinalizer(stack.close)
        given["catalog"] = stack.enter_context(postgres.database())
    common = {"cache_dir": cache_dir, "model": "toy", "min_confidence": 0.0, "min_free_mb": 0}
    return Settings(data_dir=tmp_path / "data", **common, **given)


@pytest.fixture
def opened(stored: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Opened:
    """Open engines over those stores; where a service needs nothing but them, each has a data directory of its own."""
    shared = stored.catalog is not None and stored.milvus is not None
    count = 0

    def open_another(**more: Any) -> Engine:
        nonlocal count
        count += 1
        settings = stored.model_copy(update={"data_dir": tmp_path / f"data{count}"} if shared else {})
        engine = Engine.open(settings.model_copy(update=more), ToyEncoder())
        request.addfinalizer(engine.close)
        return engine

    return open_another


@pytest.fixture
def engine(opened: Opened) -> Engine:
    """Give an engine over those stores."""
    return opened()
