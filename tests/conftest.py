"""Fixtures shared by all tests: settings in a temporary directory, the toy encoder, an engine over both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.types import Outcome, Submission

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure() -> None:
    """Have background work done by threads: a process takes a second to start. Those tests that are of it say so."""
    os.environ.setdefault("QA_BACKGROUND", "thread")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the whole run, so that jieba's dictionary is loaded from its cache file after the first time."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(tmp_path: Path, cache_dir: Path) -> Settings:
    data = tmp_path / "data"
    return Settings(data_dir=data, cache_dir=cache_dir, model="toy", min_confidence=0.0, min_free_mb=0)


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
