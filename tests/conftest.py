"""Fixtures shared by all tests: settings in a temporary directory, the toy encoder, an engine over both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Outcome, Submission
from tests.milvus_server import MilvusTestServer
from tests.postgres_server import PostgresServer

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure() -> None:
    """Have background work done by threads: a process takes a second to start. Those tests that are of it say so."""
    os.environ.setdefault("QA_BACKGROUND", "thread")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, so that jieba's dictionary is loaded from its cache file after the first time."""
    return tmp_path_factory.mktemp("cache")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so over each kind of catalogue."""
    marked = metafunc.definition.get_closest_marker
    if "catalogue" in metafunc.fixturenames and marked("both_catalogues") and not marked("of_files"):
        metafunc.parametrize("catalogue", ["sqlite", "postgres"])


@pytest.fixture
def catalogue() -> str:
    """Which kind of catalogue the settings name."""
    return "sqlite"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this run, or the one that QA_TEST_POSTGRES names; where there is none the tests skip."""
    with closing(PostgresServer.of_tests()) as server:
        yield server


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[MilvusTestServer]:
    """A Milvus for this run, or the one that QA_TEST_MILVUS names; where there is none the tests skip."""
    with closing(MilvusTestServer.of_tests()) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, cache_dir: Path, catalogue: str, request: pytest.FixtureRequest) -> Settings:
    data = tmp_path / "data"
    url = request.getfixturevalue("postgres_url") if catalogue == "postgres" else None
    return Settings(data_dir=data, cache_dir=cache_dir, model="toy", min_confidence=0.0, min_free_mb=0, catalog=url)


@pytest.fixture
def encoder() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture
def engine(settings: Settings, encoder: ToyEncoder) -> Iterator[Engine]:
    opened = Engine.open(settings, encoder)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent")
    return SHARED


def article(article_id: str, text: str, **given: object) -> Submission:
    """Make a plain-text submission."""
    return Submission(content=text.encode("utf-8"), id=article_id, charset="utf-8", **given)  # type: ignore[arg-type]


def add(engine: Engine, texts: dict[str, str], collection: str = "default") -> list[Outcome]:
    """Ingest texts by id."""
    return list(engine.ingest([article(key, text) for key, text in texts.items()], collection))
